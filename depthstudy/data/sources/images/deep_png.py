"""PNG images with 16 bits a channel and several channels, of which PIL keeps the upper 8 bits.

W3C Recommendation "Portable Network Graphics (PNG) Specification", sections 5, 9 and 11.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np
from jaxtyping import Int

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {2: 3, 4: 2, 6: 4}  # color type to channels: RGB, gray and alpha, RGBA
_BITS = 16


class DeepImageError(Exception):
    """A file cannot be decoded; the message is the reason."""


def deep_colors(raw: bytes) -> Int[np.ndarray, "H W C"] | None:
    """Returns the values of a PNG with 16 bits in each of 2, 3 or 4 channels; of others ``None``.

    Args:
      raw: The file.

    Raises:
      DeepImageError: The file is interlaced, or ends early.
    """
    if not raw.startswith(_SIGNATURE) or len(raw) < 33:
        return None
    width, height, bits, kind, _, _, interlaced = struct.unpack(">IIBBBBB", raw[16:29])
    if bits != _BITS or kind not in _CHANNELS:
        return None
    if interlaced:
        raise DeepImageError("it is an interlaced PNG of 16 bits; save it without interlacing")
    pixel = 2 * _CHANNELS[kind]
    data = zlib.decompress(b"".join(_pixel_chunks(raw)))
    if len(data) < height * (1 + width * pixel):
        raise DeepImageError("image file is truncated")
    lines = np.frombuffer(data, np.uint8, height * (1 + width * pixel)).reshape(height, -1)
    rows = np.empty((height, width * pixel), np.uint8)
    above = np.zeros(width * pixel, np.uint8)
    for number, line in enumerate(lines):
        above = rows[number] = _unfiltered(int(line[0]), line[1:], above, pixel)
    return rows.view(">u2").reshape(height, width, -1).astype(np.int64)


def _pixel_chunks(raw: bytes) -> Iterator[bytes]:
    place = len(_SIGNATURE)
    while place + 8 <= len(raw):
        length, name = struct.unpack(">I4s", raw[place : place + 8])
        if name == b"IDAT":
            yield raw[place + 8 : place + 8 + length]
        place += 12 + length


def _unfiltered(filter: int, line: np.ndarray, above: np.ndarray, pixel: int) -> np.ndarray:
    """Returns the bytes of a row from what its filter left of them, and the row above."""
    if filter == 0:
        return line
    if filter == 1:
        return np.cumsum(line.reshape(-1, pixel), axis=0, dtype=np.uint8).reshape(-1)
    if filter == 2:
        return line + above
    if filter not in (3, 4):
        raise DeepImageError(f"its filter {filter} is none of PNG's")
    values, up = bytearray(line.tobytes()), above.tolist()
    for i in range(len(values)):
        left = values[i - pixel] if i >= pixel else 0
        corner = up[i - pixel] if i >= pixel else 0
        guess = (left + up[i]) // 2 if filter == 3 else _paeth(left, up[i], corner)
        values[i] = (values[i] + guess) & 255
    return np.frombuffer(bytes(values), np.uint8)


def _paeth(left: int, up: int, corner: int) -> int:
    """Returns which of three neighbors is nearest to ``left + up - corner`` (Paeth 1991)."""
    estimate = left + up - corner
    distances = abs(estimate - left), abs(estimate - up), abs(estimate - corner)
    return (left, up, corner)[distances.index(min(distances))]
