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
_FORMATS = {1: "Gray", 3: "RGB"}  # by channels


class Decoder:
    """Decodes JPEG files one after the other into the same memory, which then is in the cache.

    Not for several threads at once: what is returned lasts until the next image.
    """

    def __init__(self, library: ModuleType, channels: int) -> None:
        """Decodes to so many channels, which are in ``_FORMATS``."""
        self._library, self._channels = library, channels
        self._buffer = np.empty(0, np.uint8)

    def size(self, image: bytes) -> tuple[int, int] | None:
        """Returns height and width of a JPEG file; ``None`` where it has to be left to PIL."""
        if not image.startswith(_START):
            return None
        try:
            height, width, colors, _ = self._library.decode_jpeg_header(image)
        except ValueError:
            return None
        return (height, width) if colors in _COLORS else None

    def decode(
        self, image: bytes, full: tuple[int, int], factor: int
    ) -> UInt8[np.ndarray, "h w c"]:
        """Returns the pixels of a JPEG file, scaled down by 1, 2, 4 or 8.

        Args:
          image: A file of which ``size`` is known.
          full: Its size.
          factor: By how much it is scaled.
        """
        needed = full[0] * full[1] * self._channels
        if self._buffer.size < needed:
            self._buffer = np.empty(needed, np.uint8)
        pixels: np.ndarray = self._library.decode_jpeg(
            image,
            _FORMATS[self._channels],
            min_height=full[0] // factor if factor > 1 else 0,
            min_width=full[1] // factor if factor > 1 else 0,
            min_factor=1,
            buffer=self._buffer,
        )
        return pixels


def decoder(channels: int) -> Decoder | None:
    """Returns a decoder to so many channels; ``None`` where all is left to PIL."""
    library = _library()
    return None if library is None or channels not in _FORMATS else Decoder(library, channels)


@functools.cache
def _library() -> ModuleType | None:
    try:
        import simplejpeg
    except ImportError:
        return None
    module: ModuleType = simplejpeg
    return module
