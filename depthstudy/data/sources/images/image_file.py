"""An image file of a user: whether it decodes, and the bytes that a prepared set keeps of it.

Most files are kept as they are. A file is written anew where a plain decoder would see something
else than a person does: turned by its EXIF tag, partly transparent, with a palette or 16 bits. So
is one of a format that few decoders read.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from depthstudy.data.source import DEEP_BITS
from depthstudy.data.sources.images.deep_levels import colors, deep_levels, scaled
from depthstudy.data.sources.images.plain_image import opaque, turn_of, upright
from depthstudy.errors import InputError

if TYPE_CHECKING:
    from PIL import Image

SUFFIXES = (  # in any case
    ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".dib", ".tif", ".tiff",
)  # fmt: skip
KINDS = "PNG, JPEG, WebP, BMP or TIFF"
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "DIB", "TIFF")
_KEPT = ("PNG", "JPEG", "MPO", "WEBP")  # as they are, where a plain decoder sees what we see
_JPEG_QUALITY = 95
_GONE = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP)  # no file, as a link to nowhere
DAMAGED = "damaged"  # of an image that is left out
_NAMED = 5  # damaged images that are named


class ImageProperties(NamedTuple):
    """What a set has to know of an image before it is written.

    Attributes:
      height: Of the image when it is upright, in pixels.
      width: The same.
      gray: Whether it has one channel.
      peak: Greatest value of an image of more than 8 bits a channel; 0 of any other.
      constant: Whether all its pixels are alike.
      frames: Number of its frames, of which the first is taken.
      digest: Hash of the bytes of the file.
      turn: How it is turned to be upright, as ``plain_image.turn_of`` says it.
    """

    height: int
    width: int
    gray: bool
    peak: int = 0
    constant: bool = False
    frames: int = 1
    digest: str = ""
    turn: int | None = None


class UnreadableError(Exception):
    """An image cannot be decoded; the message is the reason, in a few words."""


class GoneError(UnreadableError):
    """There is no file of that name, or none any more."""


class _Loaded(NamedTuple):
    """An image in mode L or RGB, upright, and the format to write it in if that took more."""

    image: Image.Image
    format: str | None
    peak: int
    frames: int
    turn: int | None


def inspect(path: Path) -> ImageProperties:
    """Decodes an image whole, and returns what a set has to know of it.

    Raises:
      UnreadableError: It is not, or not wholly, an image of a known format, or it is not there.
      InputError: This user may not read it.
      OSError: It cannot be read now, which says nothing of the image.
    """
    raw = _read(path)
    image, _, peak, frames, turn = _load(raw, DEEP_BITS)
    low_and_high = image.getextrema()
    bands = [low_and_high] if image.mode == "L" else low_and_high
    constant = not peak and all(low == high for low, high in bands)  # type: ignore[misc]
    if peak:
        constant = _is_constant(raw)
    digest = hashlib.sha256(raw).hexdigest()
    return ImageProperties(
        image.height, image.width, image.mode == "L", peak, constant, frames, digest, turn
    )


def encode(path: Path, bits: int = DEEP_BITS, digest: str = "") -> bytes:
    """Returns an image as a file of mode L or RGB: upright, opaque, 8 bits a channel.

    Transparent pixels are laid on white. What has to be written anew stays PNG, without loss, or
    JPEG, at quality 95: a PNG of a photo would be many times its size.

    Args:
      path: The file.
      bits: Bits that are in use of an image of more than 8: ``2 ** bits - 1`` becomes 255.
      digest: Hash of the bytes that it has to have, or ``""``.

    Raises:
      UnreadableError: It is not, or not wholly, an image of a known format, or it has other bytes.
      InputError: This user may not read it.
      OSError: It cannot be read now, which says nothing of the image.
    """
    raw = _read(path)
    if digest and hashlib.sha256(raw).hexdigest() != digest:
        raise UnreadableError("it has other bytes now")
    image, format, *_ = _load(raw, bits)
    if format is None:
        return raw
    image.info.clear()  # else the old orientation might be written again
    file = io.BytesIO()
    options = {"quality": _JPEG_QUALITY, "subsampling": 0} if format == "JPEG" else {}
    image.save(file, format, **options)
    return file.getvalue()


def bits_in_use(peak: int) -> int:
    """Returns the bits of the range that a set of deep images uses, from its greatest value.

    A set without such images, whose ``peak`` is 0, says nothing of others: they have all 16.

    >>> [bits_in_use(peak) for peak in (200, 255, 256, 4095, 65535, 0)]
    [8, 8, 9, 12, 16, 16]
    """
    return max(8, int(peak).bit_length()) if peak else DEEP_BITS


def bits_of(paths: Iterable[Path]) -> int:
    """Returns the bits in use of some files, those left out that cannot be decoded.

    Raises:
      InputError: This user may not read one.
      OSError: One cannot be read now.
    """
    peaks = [0]
    for path in paths:
        with contextlib.suppress(UnreadableError):
            peaks.append(inspect(path).peak)
    return bits_in_use(max(peaks))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise read_error(error, path) from error


def read_error(error: OSError, path: Path) -> Exception:
    """Returns the error to raise where a file cannot be read: ``GoneError`` if it is not there.

    Only that says something of the image. A disk that fails, or too many open files, says nothing,
    and an image that was left out for it would be missed in silence.
    """
    if error.errno in _GONE:
        return GoneError(error.strerror)
    if error.errno in (errno.EACCES, errno.EPERM):
        return InputError(
            f"{path} cannot be read ({error.strerror}); make it readable, or take it away"
        )
    return OSError(error.errno, error.strerror, str(path))


def _load(raw: bytes, bits: int) -> _Loaded:
    from PIL import Image, UnidentifiedImageError

    if not raw:
        raise UnreadableError("the file is empty")
    try:
        with Image.open(io.BytesIO(raw), formats=_FORMATS) as file:
            frames = getattr(file, "n_frames", 1) if file.format != "MPO" else 1
            file.load()
            deep = deep_levels(raw, file)
            image = file if deep is None else scaled(deep, bits)
            turn = turn_of(file)
            plain = opaque(upright(image, turn))
            peak = 0 if deep is None else max(1, int(colors(deep).max(initial=0)))
            kept = plain is file and file.format in _KEPT and frames == 1
            format = "JPEG" if file.format in ("JPEG", "MPO") else "PNG"
            return _Loaded(plain, None if kept else format, peak, frames, turn)
    except UnidentifiedImageError as error:
        raise UnreadableError(f"it is not {KINDS}") from error
    except UnreadableError:
        raise
    except MemoryError:
        raise
    except Exception as error:  # a decoder fed with rubbish raises SyntaxError, struct.error, ...
        if isinstance(error, OSError) and error.errno is not None:
            raise  # of the machine: those of decoders have no number
        raise UnreadableError(" ".join(str(error).split()) or type(error).__name__) from error


def _is_constant(raw: bytes) -> bool:
    """Whether a deep image has one color, by all its bits."""
    from PIL import Image

    with Image.open(io.BytesIO(raw), formats=_FORMATS) as file:
        levels = deep_levels(raw, file)
    assert levels is not None
    return bool((levels == levels[:1, :1]).all())


def damaged_lines(reasons: Sequence[str]) -> list[str]:
    """Returns a line on each of the first images that are damaged, and on how many more are."""
    more = len(reasons) - _NAMED
    named = [*reasons[:_NAMED], *([f"{more} more"] if more > 0 else [])]
    return [f"{DAMAGED}, left out: {one}" for one in named]


def tell_damaged(reasons: Sequence[str]) -> None:
    """Prints what ``damaged_lines`` returns."""
    for line in damaged_lines(reasons):
        print(line, file=sys.stderr)
