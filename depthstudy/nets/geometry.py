"""What a convolution is, and XLA's own way to do it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

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
      stride: Distance of neighbouring windows, down and across.
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
