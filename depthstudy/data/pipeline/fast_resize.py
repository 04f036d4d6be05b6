"""Pixels resized by cykooz-resizer where it is installed: PIL's filter in vector instructions.

``pip install depthstudy[jpeg]``. Without it PIL resizes, which takes four times as long; of 8 bits
no pixel differs by more than one or two.
"""

from __future__ import annotations

import functools
from types import ModuleType

import numpy as np
from jaxtyping import UInt8

_PIXEL_TYPES = {1: "U8", 3: "U8x3"}  # by channels


class Resizer:
    """Resizes images one after the other, bilinear and antialiased; not for several threads."""

    def __init__(self, library: ModuleType, shape: tuple[int, int, int]) -> None:
        """Resizes to ``shape``, whose channels are in ``_PIXEL_TYPES``."""
        self._library, self._shape = library, shape
        self._type = library.PixelType[_PIXEL_TYPES[shape[2]]]
        self._filter = library.ResizeAlg.convolution(library.FilterType.bilinear)
        self._resizer = library.Resizer()

    def resize(
        self, pixels: UInt8[np.ndarray, "h w c"], inside: tuple[float, float, float, float]
    ) -> UInt8[np.ndarray, "H W C"]:
        """Returns what is inside of left, top, right and bottom, as PIL's ``resize`` takes them."""
        library = self._library
        left, top, right, bottom = inside
        options = library.ResizeOptions(
            self._filter,
            use_alpha=False,
            crop_box=library.CropBox(left, top, right - left, bottom - top),
        )
        height, width, _ = pixels.shape
        source = library.ImageData(width, height, self._type, pixels.tobytes())
        target = library.ImageData(self._shape[1], self._shape[0], self._type)
        self._resizer.resize(source, target, options)
        return np.frombuffer(target.get_buffer(), np.uint8).reshape(self._shape)


def resizer(shape: tuple[int, int, int]) -> Resizer | None:
    """Returns what resizes to ``shape``; ``None`` where that is left to PIL."""
    library = _library()
    return None if library is None or shape[2] not in _PIXEL_TYPES else Resizer(library, shape)


@functools.cache
def _library() -> ModuleType | None:
    try:
        import cykooz_resizer
    except ImportError:
        return None
    module: ModuleType = cykooz_resizer
    return module
