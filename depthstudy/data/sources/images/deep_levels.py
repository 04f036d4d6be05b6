"""Images of more than 8 bits a channel: their values, and how 8 bits show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Int, UInt8

from depthstudy.data.source import DEEP_BITS
from depthstudy.data.sources.images.deep_png import DeepImageError, deep_colors

if TYPE_CHECKING:
    from PIL import Image

_DEEP_MODES = ("I", "I;16", "I;16B", "I;16L", "I;16N")  # more than 8 bits a pixel


def deep_levels(raw: bytes, file: Image.Image) -> Int[np.ndarray, "H W *C"] | None:
    """Returns the values of an image of more than 8 bits a channel, ``None`` of any other.

    PIL keeps the upper 8 bits of colors with 16, so that those are decoded here.

    Raises:
      DeepImageError: It is of a kind that is not decoded, or ends early.
    """
    if file.mode == "F":
        raise DeepImageError("its pixels are floating-point numbers; save it with 8 or 16 bits")
    if file.mode in _DEEP_MODES:
        levels = np.asarray(file).astype(np.int64)
        if levels.min(initial=0) < 0:
            raise DeepImageError("it has pixels below 0; save it with 8 or 16 bits")
        return levels
    return deep_colors(raw) if file.format == "PNG" else None


def colors(levels: Int[np.ndarray, "H W *C"]) -> Int[np.ndarray, "H W *C"]:
    """Returns the channels without alpha."""
    has_alpha = levels.ndim == 3 and levels.shape[2] in (2, 4)
    return levels[..., :-1] if has_alpha else levels


def scaled(levels: Int[np.ndarray, "H W *C"], bits: int) -> Image.Image:
    """Returns values up to ``2 ** bits - 1`` as gray levels up to 255; alpha has all 16 bits."""
    from PIL import Image

    scales = np.full(1 if levels.ndim == 2 else levels.shape[2], float(2**bits - 1))
    if levels.ndim == 3 and levels.shape[2] in (2, 4):
        scales[-1] = 2**DEEP_BITS - 1
    rounded = np.rint(levels * (255 / (scales if levels.ndim == 3 else scales[0])))
    gray_levels: UInt8[np.ndarray, "H W *C"] = np.minimum(rounded, 255).astype(np.uint8)
    return Image.fromarray(gray_levels)
