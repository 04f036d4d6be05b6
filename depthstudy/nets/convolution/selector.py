"""Which method computes a convolution: a table over platform, shapes and type, read from the top.

The figures are processor time as a share of XLA's own convolution, on a CPU of two cores. How each
was measured is in README.md of this folder.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import jax
from jaxtyping import Array

from depthstudy.nets.convolution import methods, native, primitive
from depthstudy.nets.convolution.geometry import Convolution, Geometry

_TINY = 4  # pixels of an output up to which a matrix product of windows is faster on a CPU


class Case(NamedTuple):
    """What is known of a convolution when its method is chosen."""

    x: Array
    kernel: Array
    geometry: Geometry
    platform: str


class Rule(NamedTuple):
    """A method, and the convolutions that it is for."""

    applies: Callable[[Case], bool]
    method: Convolution


def choose(x: Array, kernel: Array, geometry: Geometry, platform: str) -> Convolution:
    """Returns the method of the first rule that applies.

    Args:
      x: Images, or their shape, type and sharding.
      kernel: The kernel, or the same of it.
      geometry: The convolution.
      platform: Where it runs, as ``"cpu"``.
    """
    case = Case(x, kernel, geometry, platform)
    return next(rule.method for rule in RULES if rule.applies(case))


def _is_sharded(case: Case) -> bool:
    """Whether an operand is cut over devices by its type, as a foreign call cannot be."""
    return any(part for x in (case.x, case.kernel) for part in jax.typeof(x).sharding.spec)


def _is_native(case: Case) -> bool:
    return (
        case.platform == "cpu"
        and not _is_sharded(case)
        and native.supports(case.x, case.kernel)
        and not _is_mostly_kernel(case)
    )


def _is_mostly_kernel(case: Case) -> bool:
    """Whether a kernel of single pixels is larger than images and outputs together.

    oneDNN brings the kernel into an order of its own at each call. For the 2x2 pixels in the last
    stage of a ResNet-50, 32 images of 64x64, that takes longer than the product.
    """
    outputs = len(case.x) * math.prod(case.geometry.output_size) * case.kernel.shape[-1]
    return _is_pointwise(case) and case.kernel.size > case.x.size + outputs


def _is_depthwise(case: Case) -> bool:
    return case.geometry.groups == case.x.shape[-1] == case.kernel.shape[-1]


def _is_pointwise(case: Case) -> bool:
    return case.geometry.kernel_size == (1, 1) and case.geometry.groups == 1


def _is_tiny(case: Case) -> bool:
    return math.prod(case.geometry.output_size) <= _TINY


RULES: tuple[Rule, ...] = (
    Rule(_is_native, primitive.native_convolution),
    Rule(lambda case: case.platform == "gpu" and not _is_sharded(case), primitive.grouped),
    Rule(lambda case: case.platform != "cpu", methods.xla),
    # 1/20 to 1/40 forward, 1/8 to 1/30 for the gradient of the kernel
    Rule(_is_depthwise, primitive.shift_and_add),
    # 1/2 to 1/5, and 1/20 to 1/50
    Rule(lambda case: case.geometry.groups > 1, methods.per_group),
    # 0.8 to 1, and 1/8 to 1/3
    Rule(_is_pointwise, methods.pointwise_matmul),
    # 1/8 at 2x2 pixels; at 8x8 and more, twice to thrice as long
    Rule(_is_tiny, methods.im2col),
    Rule(lambda case: True, methods.xla),
)
