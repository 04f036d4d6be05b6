"""Numbers for records, against counts by hand."""

import numpy as np
import pytest

from depthstudy import arch, prune

MASKS = {
    "stage1": {
        "conv1": {"kernel": np.array([[True, False], [False, False]]), "bias": np.array(True)},
        "norm1": {"scale": np.array([True, False])},
    },
    "stem": {"conv": {"kernel": np.array(True)}},
}


def test_densities_of_what_can_be_pruned() -> None:
    assert prune.densities(MASKS) == [
        ("stage1/conv1", "density", 0.25),
        ("stage1/norm1", "density", 0.5),
        ("", "sparsity", 4 / 6),
    ]


def test_zeros_count_among_all_parameters() -> None:
    params = {"a": {"kernel": np.array([0.0, 1.0, 2.0])}, "b": {"bias": np.zeros(1)}}
    assert prune.zero_share(params) == ("", "zero_share", 0.5)


def test_promises_are_ratios_of_costs() -> None:
    spec = arch.build("plain", depth=8, layout="cifar", width=8)
    half = arch.build("plain", depth=8, layout="cifar", width=4)
    found = {metric: value for _, metric, value in prune.promises(spec, half, (8, 8, 3))}
    assert found["parameters_left"] == pytest.approx(1 / 4, rel=0.05)
    assert found["macs_left"] == pytest.approx(1 / 4, rel=0.1)
