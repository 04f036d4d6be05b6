"""The self-test of a compiled library: it must give what XLA gives, or it is not put in place.

python -m depthstudy.nets.convolution.native.check LIBRARY
"""

from __future__ import annotations

import functools
import itertools
import sys
from pathlib import Path
from typing import Any

import jax
import numpy as np

from depthstudy import runtime
from depthstudy.nets.convolution.geometry import Geometry
from depthstudy.nets.convolution.methods import xla
from depthstudy.nets.convolution.native import library
from depthstudy.nets.convolution.primitive import native_convolution

_TOLERANCE = 1e-5  # of the largest value; float32's own is some 1e-7
_IMAGES = ((12, 9), (2, 2))  # of the small ones, most of what a window covers is padding
_CASES = (  # kernel, stride, dilation, groups, filters; of 16 channels
    (1, 1, 1, 1, 32),
    (1, 2, 1, 1, 32),
    (3, 1, 1, 1, 32),
    (3, 1, 1, 1, 16),
    (3, 2, 1, 1, 7),
    (3, 1, 2, 4, 32),
    (3, 2, 1, 16, 16),
    (5, 1, 1, 16, 16),
    (5, 2, 1, 16, 32),
)


def differences(geometry: Geometry, batch: int, channels: int, filters: int) -> dict[str, float]:
    """Returns how far from XLA the output and both gradients are, relative to the largest value."""
    random = np.random.default_rng(0)
    kernel_shape = (*geometry.kernel_size, channels // geometry.groups, filters)
    x = random.standard_normal((batch, *geometry.image_size, channels), np.float32)
    w = random.standard_normal(kernel_shape, np.float32)
    y = random.standard_normal((batch, *geometry.output_size, filters), np.float32)

    def compute(way: Any, x: Any, w: Any, y: Any) -> Any:
        out, pull = jax.vjp(lambda x, w: way(x, w, geometry), x, w)
        return out, *pull(y)

    actual, expected = (
        jax.jit(functools.partial(compute, way))(x, w, y) for way in (native_convolution, xla)
    )
    return {
        name: float(np.abs(a - b).max() / np.abs(b).max())
        for name, a, b in zip(("output", "images", "kernel"), actual, expected, strict=True)
    }


def main(file: str) -> None:
    """Exits with an error where the library cannot be loaded or differs from XLA."""
    runtime.use_cpu()
    if (reason := library.load(Path(file))) is not None:
        sys.exit(f"error: {reason}")
    for image, (side, stride, dilation, groups, filters) in itertools.product(_IMAGES, _CASES):
        before = side // 2 * dilation
        padding = ((before, before), (before, max(0, before - stride + 1)))
        geometry = Geometry(
            image, (side, side), (stride, stride), padding, (dilation, dilation), groups
        )
        for name, difference in differences(geometry, 5, 16, filters).items():
            if not difference < _TOLERANCE:
                sys.exit(f"error: {name} differs from XLA by {difference:.1e} for {geometry}")


if __name__ == "__main__":
    main(sys.argv[1])
