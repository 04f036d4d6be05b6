"""An image as a person sees it: turned upright, on white where it is transparent, in L or RGB."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

_GRAY_MODES = ("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "I;16N")
_ORIENTATION = 0x0112  # EXIF's tag; 1 is upright

Corners = tuple[float, float, float, float]  # top, left, bottom, right


def turn_of(image: Image.Image) -> int | None:
    """Returns how an image has to be turned, as its EXIF tag says, if at all."""
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
        return turns.get(image.getexif().get(_ORIENTATION, 1))
    except MemoryError:
        raise
    except Exception:  # a broken tag does not make the pixels worthless
        return None


def upright(image: Image.Image, turn: int | None) -> Image.Image:
    """Returns an image turned so, as ``turn_of`` says it."""
    return image if turn is None else image.transpose(turn)  # type: ignore[arg-type]


def changes_sides(turn: int | None) -> bool:
    """Returns whether a turn, as ``turn_of`` says it, makes the height of an image its width."""
    from PIL.Image import Transpose as Turn

    return turn in (Turn.ROTATE_90, Turn.ROTATE_270, Turn.TRANSPOSE, Turn.TRANSVERSE)


def turned_corners(corners: Corners, size: tuple[float, float], turn: int | None) -> Corners:
    """Returns a box of an image as it is stored, in the image that ``upright`` makes of it.

    >>> turned_corners((0.0, 10.0, 5.0, 30.0), (60.0, 40.0), 4)  # by 270 degrees
    (10.0, 35.0, 30.0, 40.0)

    Args:
      corners: Top, left, bottom and right in the stored image.
      size: Height and width of the upright image.
      turn: As ``turn_of`` says it.
    """
    from PIL.Image import Transpose as Turn

    top, left, bottom, right = corners
    if changes_sides(turn):
        top, left, bottom, right = left, top, right, bottom
    if turn in (Turn.FLIP_TOP_BOTTOM, Turn.ROTATE_180, Turn.ROTATE_90, Turn.TRANSVERSE):
        top, bottom = size[0] - bottom, size[0] - top
    if turn in (Turn.FLIP_LEFT_RIGHT, Turn.ROTATE_180, Turn.ROTATE_270, Turn.TRANSVERSE):
        left, right = size[1] - right, size[1] - left
    return top, left, bottom, right


def opaque(image: Image.Image) -> Image.Image:
    """Returns an image in mode L or RGB, on white; one that is that already as it is."""
    from PIL import Image

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
