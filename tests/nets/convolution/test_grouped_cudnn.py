"""A convolution with groups as a sum of square ones, beside XLA's of the same operands."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from sampled import sampled

from depthstudy.nets.convolution import grouped_cudnn
from depthstudy.nets.convolution.geometry import Convolution, Geometry
from depthstudy.nets.convolution.methods import xla

CASES = [  # geometry, channels and filters of a group
    (Geometry((6, 5), (3, 3), (1, 1), ((1, 1), (1, 1)), groups=2), 3, 4),
    (Geometry((8, 8), (3, 3), (2, 2), ((1, 1), (1, 1)), groups=2), 3, 6),
    (Geometry((7, 8), (3, 3), (2, 2), ((0, 1), (1, 1))), 5, 2),
    (Geometry((8, 8), (1, 1), (2, 2), ((0, 0), (0, 0)), groups=3), 2, 4),
    (Geometry((9, 9), (7, 7), (2, 2), ((3, 3), (3, 3)), groups=2), 3, 2),
    (Geometry((9, 10), (5, 2), (3, 1), ((2, 2), (0, 1)), groups=2), 2, 3),
    (Geometry((9, 10), (2, 2), (3, 3), ((0, 0), (0, 0)), groups=2), 2, 3),
]


@pytest.mark.parametrize(("geometry", "channels", "filters"), sampled(CASES, 2))
def test_they_are_the_same_convolution(geometry: Geometry, channels: int, filters: int) -> None:
    random = np.random.default_rng(0)
    x = random.standard_normal((2, *geometry.image_size, geometry.groups * channels), np.float32)
    w = random.standard_normal(
        (*geometry.kernel_size, channels, geometry.groups * filters), np.float32
    )
    y = random.standard_normal((2, *geometry.output_size, geometry.groups * filters), np.float32)

    def everything(form: Convolution) -> list[np.ndarray]:
        def convolve(x: np.ndarray, w: np.ndarray, y: np.ndarray) -> tuple[jax.Array, ...]:
            output, pull = jax.vjp(lambda x, w: form(x, w, geometry), x, w)
            return output, *pull(y)

        return [np.asarray(each) for each in jax.jit(convolve)(x, w, y)]

    for array, expected in zip(
        everything(grouped_cudnn.sum_of_square_groups), everything(xla), strict=True
    ):
        np.testing.assert_allclose(array, expected, atol=1e-4)


@pytest.mark.parametrize(
    ("channels", "filters", "stride", "groups", "form"),
    [
        (16, 16, 1, 8, xla),  # square already
        (16, 32, 2, 8, grouped_cudnn.sum_of_square_groups),  # the first of a stage
        (3, 16, 1, 8, grouped_cudnn.sum_of_square_groups),  # the stem
        (16, 32, 2, 1, xla),  # one net, without groups
        (1, 1, 2, 64, xla),  # depthwise
        (64, 256, 1, 8, xla),  # more filters than cuDNN convolves at once
        (64, 64, 2, 8, grouped_cudnn.sum_of_square_groups),  # in four parts
        (128, 64, 2, 8, xla),  # in more
    ],
)
def test_groups_are_made_square_where_that_is_fast(
    channels: int, filters: int, stride: int, groups: int, form: Convolution
) -> None:
    padding = ((1, 1), (1, 1))
    geometry = Geometry((8, 8), (3, 3), (stride, stride), padding, groups=groups)
    assert grouped_cudnn.fast_with_groups(geometry, channels, filters) is form


def test_a_dilated_one_is_left_as_it_is() -> None:
    padding = ((2, 2), (2, 2))
    geometry = Geometry((8, 8), (3, 3), (1, 1), padding, dilation=(2, 2), groups=8)
    assert grouped_cudnn.fast_with_groups(geometry, 8, 16) is xla
    with pytest.raises(AssertionError):
        grouped_cudnn.sum_of_square_groups(
            np.zeros((1, 8, 8, 64)), np.zeros((3, 3, 8, 128)), geometry
        )
