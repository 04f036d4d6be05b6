"""Windows of convolutions and pools along a side of an image: padding, and number of outputs."""

from __future__ import annotations

from depthstudy.arch.literals import Padding


def window_padding(size: int, window: int, stride: int, padding: Padding) -> tuple[int, int]:
    """Returns how many pixels of padding a window needs before and behind ``size`` pixels.

    With ``"torch"``, windows as large as their stride are patches, which need none.

    >>> window_padding(8, 3, 2, "torch"), window_padding(8, 3, 2, "same")
    ((1, 1), (0, 1))
    >>> window_padding(8, 4, 4, "torch")
    (0, 0)
    """
    if padding == "torch":
        around = 0 if window == stride else (window - 1) // 2
        return around, around
    total = max(0, (-(-size // stride) - 1) * stride + window - size)
    return total // 2, total - total // 2


def output_size(size: int, window: int, stride: int, padding: Padding) -> int:
    """Returns how many outputs a window has along ``size`` pixels.

    >>> output_size(224, 7, 2, "torch")
    112
    """
    return (size + sum(window_padding(size, window, stride, padding)) - window) // stride + 1
