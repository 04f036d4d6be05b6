"""The Flax module of a convolution."""

from __future__ import annotations

from typing import Any

import jax
from flax import linen as nn
from jaxtyping import Array, Float

from depthstudy.arch.literals import Padding
from depthstudy.arch.windows import window_padding
from depthstudy.nets.convolution.geometry import Geometry
from depthstudy.nets.convolution.selector import choose


class Conv(nn.Module):
    """Square convolution of images.

    Attributes:
      filters: Number of filters.
      kernel_size: Side of the kernel in pixels.
      stride: Distance of two neighboring windows in pixels.
      use_bias: Whether each filter has a bias.
      dtype: Type of the compute.
      kernel_init: How the kernel starts.
      groups: Equal parts of the channels, each convolved by itself to as many filters.
      padding: As in ``arch.ArchSpec``.
      platform: Where it runs, as ``"cpu"``; ``None`` is JAX's default.
      bias_init: How the bias starts.
    """

    filters: int
    kernel_size: int
    stride: int
    use_bias: bool
    dtype: Any
    kernel_init: nn.initializers.Initializer
    groups: int = 1
    padding: Padding = "torch"
    platform: str | None = None
    bias_init: nn.initializers.Initializer = nn.initializers.zeros

    @nn.compact
    def __call__(self, x: Float[Array, "B H W C"]) -> Float[Array, "B h w F"]:
        """Returns the convolved images, in ``dtype``."""
        side = self.kernel_size
        shape = (side, side, x.shape[-1] // self.groups, self.filters)
        kernel = self.param("kernel", self.kernel_init, shape)
        y = convolve(
            x.astype(self.dtype),
            kernel.astype(self.dtype),
            self.stride,
            groups=self.groups,
            padding=self.padding,
            platform=self.platform,
        )
        if self.use_bias:
            y += self.param("bias", self.bias_init, (self.filters,)).astype(self.dtype)
        return y


def convolve(
    x: Float[Array, "B H W C"],
    kernel: Float[Array, "k k c F"],
    stride: int,
    *,
    groups: int = 1,
    padding: Padding = "torch",
    platform: str | None = None,
) -> Float[Array, "B h w F"]:
    """Returns the convolution, by the method that is fast for its shapes where it runs.

    >>> import jax.numpy as jnp
    >>> convolve(jnp.ones((2, 8, 8, 3)), jnp.ones((3, 3, 3, 4)), stride=2).shape
    (2, 4, 4, 4)

    Args:
      x: Images.
      kernel: Its ``c`` is the number of channels of one group.
      stride: Distance of two neighboring windows in pixels.
      groups: Equal parts of the channels, each convolved by itself to as many filters.
      padding: As in ``arch.ArchSpec``.
      platform: Where it runs, as ``"cpu"``; ``None`` is JAX's default.
    """
    (height, width), side = x.shape[1:3], kernel.shape[0]
    geometry = Geometry(
        image_size=(height, width),
        kernel_size=(side, side),
        stride=(stride, stride),
        padding=(
            window_padding(height, side, stride, padding),
            window_padding(width, side, stride, padding),
        ),
        groups=groups,
    )
    method = choose(x, kernel, geometry, platform or jax.default_backend())
    return method(x, kernel, geometry)
