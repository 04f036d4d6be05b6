"""What a convolution is, and the pixels that its windows are made of."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

Pair = tuple[int, int]
PaddingPixels = tuple[Pair, Pair]  # before and behind, of height and of width


@dataclasses.dataclass(frozen=True)
class Geometry:
    """What a convolution is, but for the numbers of images, channels and filters.

    >>> Geometry((8, 8), (3, 3), stride=(2, 2), padding=((1, 1), (1, 1))).output_size
    (4, 4)

    Attributes:
      image_size: Height and width of the images.
      kernel_size: Height and width of the kernel.
      stride: Distance of neighboring windows, down and across.
      padding: Rows of zeros above and below, columns left and right; none is negative.
      dilation: Distance of the pixels that a kernel joins, down and across.
      groups: Equal parts of the channels, each convolved by itself to as many filters.
    """

    image_size: Pair
    kernel_size: Pair
    stride: Pair
    padding: PaddingPixels
    dilation: Pair = (1, 1)
    groups: int = 1

    @property
    def output_size(self) -> Pair:
        """Height and width of the outputs."""
        return self._output(0), self._output(1)

    def _output(self, axis: int) -> int:
        room = self.image_size[axis] + sum(self.padding[axis])
        window = self.dilation[axis] * (self.kernel_size[axis] - 1) + 1
        return (room - window) // self.stride[axis] + 1


# Every method is one: images [B, H, W, C], a kernel [k, l, C/groups, F] -> outputs [B, h, w, F].
Convolution = Callable[[Array, Array, Geometry], Array]


def window_pixels(
    x: Float[Array, "B H W C"],
    window: Pair,
    stride: Pair,
    padding: PaddingPixels,
    outside: float = 0.0,
) -> list[Float[Array, "B h w C"]]:
    """Returns the first pixels of all windows as images, the second ones and so on, by rows.

    Args:
      x: Images.
      window: Height and width of the windows.
      stride: Distance of neighboring windows, down and across.
      padding: Pixels above and below the images, left and right of them.
      outside: Their value.
    """
    fill = jnp.array(outside, x.dtype)
    x = lax.pad(x, fill, [(0, 0, 0), *((*pair, 0) for pair in padding), (0, 0, 0)])
    (H, W), (down, across) = x.shape[1:3], stride
    last = (H - window[0]) // down * down, (W - window[1]) // across * across
    return [
        x[:, i : i + last[0] + 1 : down, j : j + last[1] + 1 : across]
        for i in range(window[0])
        for j in range(window[1])
    ]
