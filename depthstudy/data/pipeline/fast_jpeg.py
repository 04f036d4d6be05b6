"""JPEG files decoded by simplejpeg where it is installed: the same library as PIL's, a copy less.

``pip install depthstudy[jpeg]``. Without it, and for what it does not read, PIL decodes.
"""

from __future__ import annotations

import functools
from types import ModuleType

import numpy as np
from jaxtyping import UInt8

_START = b"\xff\xd8"
_COLORS = ("RGB", "YCbCr", "Gray")  # and not those of print, which PIL turns into RGB


def size(image: bytes) -> tuple[int, int] | None:
    """Returns height and width of a JPEG file; ``None`` where it has to be left to PIL."""
    library = _library()
    if library is None or not image.startswith(_START):
        return None
    try:
        height, width, colors, _ = library.decode_jpeg_header(image)
    except ValueError:
        return None
    return (height, width) if colors in _COLORS else None


def decode(
    image: bytes, full: tuple[int, int], factor: int, *, gray: bool
) -> UInt8[np.ndarray, "h w c"]:
    """Returns the pixels of a JPEG file, scaled down by 1, 2, 4 or 8, at most by ``factor``.

    Args:
      image: A file of which ``size`` is known.
      full: Its size.
      factor: By how much it may be scaled.
      gray: Whether one channel is wanted, else there are three.
    """
    library = _library()
    assert library is not None
    pixels: np.ndarray = library.decode_jpeg(
        image,
        "Gray" if gray else "RGB",
        min_height=full[0] // factor if factor > 1 else 0,
        min_width=full[1] // factor if factor > 1 else 0,
        min_factor=1,
    )
    return pixels


@functools.cache
def _library() -> ModuleType | None:
    try:
        import simplejpeg
    except ImportError:
        return None
    module: ModuleType = simplejpeg
    return module
