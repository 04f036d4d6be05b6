"""The self-test of a compiled library: it must give what XLA gives, or it is not put in place.

python -m depthstudy.nets.native.check LIBRARY
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from typing import Any

import jax
import numpy as np

from depthstudy.nets.native import library
from depthstudy.nets.native.op import Geometry, by_xla, convolve

_TOLERANCE = 1e-5  # of the largest value; float32's own is some 1e-7


def differences(geometry: Geometry, batch: int, channels: int, filters: int) -> dict[str, float]:
    """Returns how far from XLA the output and both gradients are, relative to the largest value."""
    random = np.random.default_rng(0)
    kernel_shape = (*geometry.kernel, channels // geometry.groups, filters)
    x = random.standard_normal((batch, *geometry.image, channels), np.float32)
    w = random.standard_normal(kernel_shape, np.float32)
    y = random.standard_normal((batch, *geometry.output, filters), np.float32)

    @jax.jit
    def native(x: Any, w: Any, y: Any) -> Any:
        out, pull = jax.vjp(lambda x, w: convolve(x, w, geometry), x, w)
        return out, *pull(y)

    @jax.jit
    def stock(x: Any, w: Any, y: Any) -> Any:
        out, pull = jax.vjp(lambda x, w: by_xla(x, w, geometry), x, w)
        return out, *pull(y)

    found, expected = native(x, w, y), stock(x, w, y)
    return {
        name: float(np.abs(a - b).max() / np.abs(b).max())
        for name, a, b in zip(("output", "images", "kernel"), found, expected, strict=True)
    }


def main(file: str) -> None:
    """Exits with an error where the library cannot be loaded or differs from XLA."""
    jax.config.update("jax_platforms", "cpu")
    if (reason := library.load(Path(file))) is not None:
        sys.exit(f"error: {reason}")
    grid = itertools.product((1, 3, 5), (1, 2), (1, 2), (1, 4, 16))
    for side, stride, dilation, groups in grid:
        margin = (side // 2 * dilation, side // 2 * dilation)
        geometry = Geometry(
            (12, 9), (side, side), (stride, stride), (margin, margin), (dilation, dilation), groups
        )
        for name, difference in differences(geometry, 5, 16, 32).items():
            if not difference < _TOLERANCE:
                sys.exit(f"error: {name} differs from XLA by {difference:.1e} for {geometry}")


if __name__ == "__main__":
    main(sys.argv[1])
