"""An image file of a user: whether it decodes, and the bytes that a prepared set keeps of it.

Most files are kept as they are. A file is written anew where a plain decoder would see something
else than a person does: turned by its EXIF tag, partly transparent, with a palette or 16 bits.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

SUFFIXES = (".png", ".jpg", ".jpeg")  # in any case
_GRAY_MODES = ("1", "L", "LA", "La", "I", "I;16", "I;16B")
_DEEP_MODES = ("I", "I;16", "I;16B")  # 16 bits a pixel
_ORIENTATION = 0x0112  # EXIF's tag; 1 is upright
_JPEG_QUALITY = 95


class ImageProperties(NamedTuple):
    """Size and color of an image, which a set declares before its images are written."""

    height: int
    width: int
    gray: bool


class DamagedError(Exception):
    """An image cannot be decoded; the message is the reason, in a few words."""


def inspect(path: Path) -> ImageProperties:
    """Decodes an image whole, and returns its size, upright, and whether it is gray.

    Raises:
      DamagedError: It is not, or not wholly, a PNG or JPEG image.
    """
    image, _ = _load(_read(path))
    return ImageProperties(image.height, image.width, image.mode == "L")


def encode(path: Path) -> bytes:
    """Returns an image as a file of mode L or RGB: upright, opaque, 8 bits a channel.

    Transparent pixels are laid on white. 16 bits lose the lower 8. What has to be written anew
    stays PNG, without loss, or JPEG, at quality 95: a PNG of a photo would be many times its size.

    Raises:
      DamagedError: It is not, or not wholly, a PNG or JPEG image.
    """
    raw = _read(path)
    image, format = _load(raw)
    if format is None:
        return raw
    image.info.clear()  # else the old orientation might be written again
    file = io.BytesIO()
    options = {"quality": _JPEG_QUALITY, "subsampling": 0} if format == "JPEG" else {}
    image.save(file, format, **options)
    return file.getvalue()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DamagedError(error.strerror or "cannot be read") from error


def _load(raw: bytes) -> tuple[Image.Image, str | None]:
    """Returns the image, L or RGB and upright, and its format if that took more than decoding."""
    from PIL import Image, UnidentifiedImageError

    if not raw:
        raise DamagedError("the file is empty")
    try:
        with Image.open(io.BytesIO(raw), formats=("PNG", "JPEG")) as file:
            file.load()
            plain = _opaque(_upright(file))
            if plain is file:
                return file, None
            return plain, "PNG" if file.format == "PNG" else "JPEG"
    except UnidentifiedImageError as error:
        raise DamagedError("it is neither PNG nor JPEG") from error
    except Exception as error:  # a decoder fed with rubbish raises SyntaxError, struct.error, ...
        raise DamagedError(" ".join(str(error).split()) or type(error).__name__) from error


def _upright(image: Image.Image) -> Image.Image:
    """Turns an image as its EXIF tag says; one without the tag is returned as it is."""
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    try:
        turn = turns.get(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # a broken tag does not make the pixels worthless
        return image
    return image if turn is None else image.transpose(turn)


def _opaque(image: Image.Image) -> Image.Image:
    """Returns an image in mode L or RGB, on white; one that is that already as it is."""
    from PIL import Image

    if image.mode in _DEEP_MODES:
        return Image.fromarray((np.asarray(image).astype(np.int64) // 256).astype(np.uint8))
    mode = "L" if _is_gray(image) else "RGB"
    if "transparency" not in image.info and not {"A", "a"} & set(image.getbands()):
        return image if image.mode == mode else image.convert(mode)
    colored = image.convert("RGBA")
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, colored).convert(mode)


def _is_gray(image: Image.Image) -> bool:
    if image.mode == "P":
        palette = np.reshape(image.getpalette() or [], (-1, 3))
        return bool(np.all(palette == palette[:, :1]))
    return image.mode in _GRAY_MODES
