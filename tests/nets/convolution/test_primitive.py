"""The primitives as a GPU gets them, where several convolutions are one; none is needed here."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

from depthstudy.nets.convolution import Geometry, convolve, methods, primitive

NETS, BATCH = 3, 2
CASES = [  # geometry, channels, filters
    (Geometry((6, 5), (3, 3), (1, 1), ((1, 1), (1, 1))), 3, 4),
    (Geometry((6, 6), (3, 3), (2, 2), ((1, 1), (1, 1))), 4, 6),
    (Geometry((7, 6), (3, 3), (2, 2), ((0, 1), (1, 1)), groups=2), 4, 6),
    (Geometry((8, 8), (5, 5), (2, 2), ((2, 2), (1, 2)), groups=4), 4, 4),
    (Geometry((8, 8), (3, 3), (2, 2), ((1, 1), (1, 1))), 8, 16),  # as a sum of squares
]


def operands(geometry: Geometry, channels: int, filters: int) -> dict[primitive.Kind, Any]:
    random = np.random.default_rng(0)
    x = (NETS, BATCH, *geometry.image_size, channels)
    w = (NETS, *geometry.kernel_size, channels // geometry.groups, filters)
    y = (NETS, BATCH, *geometry.output_size, filters)
    x, w, y = (random.standard_normal(shape, np.float32) for shape in (x, w, y))
    return {"output": (x, w), "images": (y, w), "kernel": (x, y)}


@pytest.mark.parametrize("kind", ["output", "images", "kernel"])
@pytest.mark.parametrize(("geometry", "channels", "filters"), CASES)
def test_as_groups_they_are_what_they_are_apart(
    geometry: Geometry, channels: int, filters: int, kind: primitive.Kind
) -> None:
    a, b = operands(geometry, channels, filters)[kind]
    grouped = primitive.as_groups(kind, geometry, a, b)
    expected = primitive.one_by_one(kind, geometry, a, b)
    assert grouped.shape == expected.shape
    np.testing.assert_allclose(grouped, expected, atol=1e-4)


@pytest.mark.parametrize(("geometry", "channels", "filters"), CASES)
def test_an_empty_batch_is_one_of_groups_too(
    geometry: Geometry, channels: int, filters: int
) -> None:
    x, w = operands(geometry, channels, filters)["output"]
    output = primitive.as_groups("output", geometry, x[:, :0], w)
    assert output.shape == (NETS, 0, *geometry.output_size, filters)


def lowered(case: tuple[Geometry, int, int], images_of_each: bool) -> str:
    """Returns the gradient of three nets' kernels as XLA for a GPU gets it."""
    geometry, channels, filters = case
    x, w = operands(geometry, channels, filters)["output"]

    def loss(w: Any, x: Any) -> Any:
        return (primitive.grouped(x, w, geometry) ** 2).sum()

    mapped = jax.vmap(jax.grad(loss), (0, 0 if images_of_each else None))
    traced = jax.jit(mapped).trace(w, x if images_of_each else x[0])
    return traced.lower(lowering_platforms=("cuda",)).as_text()


@pytest.mark.parametrize(("case", "parts"), [(CASES[0], 1), (CASES[-1], 2)])
def test_a_kernels_gradient_is_not_a_convolution_by_a_kernel_of_the_images_size(
    case: tuple[Geometry, int, int], parts: int
) -> None:
    """XLA makes cuDNN's gradient of groups of batches only; JAX's own mapping has others."""
    text = lowered(case, images_of_each=True)
    assert text.count("stablehlo.convolution") == 2 * parts
    assert text.count(f"batch_group_count = {NETS}") == parts


def test_nets_with_the_same_images_are_one_with_more_filters() -> None:
    text = lowered(CASES[0], images_of_each=False)
    assert text.count("stablehlo.convolution") == 2
    assert text.count("feature_group_count = 1") == text.count("batch_group_count = 1") == 2


def test_a_net_on_a_gpu_uses_them() -> None:
    x, w = np.ones((2, 6, 6, 4), np.float32), np.ones((3, 3, 2, 4), np.float32)
    traced = jax.make_jaxpr(lambda x, w: convolve(x, w, 2, groups=2, platform="gpu"))(x, w)
    (call,) = (e for e in traced.eqns if e.primitive.name == "convolution_output")
    assert call.params["method"] == "grouped"
    expected = Geometry((6, 6), (3, 3), (2, 2), ((1, 1), (1, 1)), groups=2)
    assert call.params["geometry"] == expected
    y = convolve(x, w, 2, groups=2, platform="gpu")
    np.testing.assert_allclose(y, methods.xla(x, w, expected))
