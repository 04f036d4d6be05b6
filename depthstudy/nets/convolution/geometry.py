"""What a convolution is, XLA's own way to do it, and the pixels that windows are made of."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

Pair = tuple[int, int]
Margins = tuple[Pair, Pair]  # before and behind, of height and of width


@dataclasses.dataclass(frozen=True)
class Geometry:
    """What a convolution is, but for the numbers of images, channels and filters.

    Attributes:
      image: Height and width of the images.
      kernel: Height and width of the kernel.
      stride: Distance of neighboring windows, down and across.
      around: Rows of zeros above and below, columns left and right; none is negative.
      dilation: Distance of the pixels that a kernel joins, down and across.
      groups: Equal parts of the channels, each convolved by itself to as many filters.
    """

    image: Pair
    kernel: Pair
    stride: Pair
    around: Margins
    dilation: Pair = (1, 1)
    groups: int = 1

    @property
    def output(self) -> Pair:
        """Height and width of what comes out."""
        return self._output(0), self._output(1)

    def _output(self, axis: int) -> int:
        room = self.image[axis] + sum(self.around[axis])
        window = self.dilation[axis] * (self.kernel[axis] - 1) + 1
        return (room - window) // self.stride[axis] + 1


Convolution = Callable[[Array, Array, Geometry], Array]


def by_xla(
    x: Float[Array, "B H W C"], w: Float[Array, "k l c F"], geometry: Geometry
) -> Float[Array, "B h w F"]:
    """Returns the convolution as XLA does it."""
    return lax.conv_general_dilated(
        x,
        w,
        window_strides=geometry.stride,
        padding=geometry.around,
        rhs_dilation=geometry.dilation,
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
        feature_group_count=geometry.groups,
    )


def window_pixels(
    x: Float[Array, "B H W C"], window: Pair, stride: Pair, around: Margins, outside: float = 0.0
) -> list[Float[Array, "B h w C"]]:
    """Returns the first pixels of all windows as images, the second ones and so on, by rows.

    Args:
      x: Images.
      window: Height and width of the windows.
      stride: Distance of neighboring windows, down and across.
      around: Pixels above and below the images, left and right of them.
      outside: Their value.
    """
    fill = jnp.array(outside, x.dtype)
    x = lax.pad(x, fill, [(0, 0, 0), *((*pair, 0) for pair in around), (0, 0, 0)])
    (H, W), (down, across) = x.shape[1:3], stride
    last = (H - window[0]) // down * down, (W - window[1]) // across * across
    return [
        x[:, i : i + last[0] + 1 : down, j : j + last[1] + 1 : across]
        for i in range(window[0])
        for j in range(window[1])
    ]
