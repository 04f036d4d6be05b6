"""Density against counts by hand."""

from collections.abc import Callable

import jax
import pytest

from depthstudy import arch, nets
from depthstudy.data import Dataset
from depthstudy.probes import NotApplicable, ProbeInput, density


@pytest.fixture
def probe_input(digits: Dataset, make: Callable) -> ProbeInput:
    network = nets.Network(arch.build("plain", depth=8, layout="cifar", width=4))
    return ProbeInput(network, make(network.spec), digits, examples=10, batch_size=10)


def test_zeros_are_counted_layer_by_layer(probe_input: ProbeInput) -> None:
    params = probe_input.variables["params"]
    half = params["stage1"]["block01"]["conv1"]["kernel"]  # 3 x 3 x 4 x 4
    params["stage1"]["block01"]["conv1"]["kernel"] = half.at[..., :2].set(0)
    params["stem"]["conv"]["kernel"] *= 0  # exempt
    total = sum(
        leaf.size
        for path, leaf in jax.tree_util.tree_leaves_with_path(params)
        if path[-1].key == "kernel" and path[0].key.startswith("stage")
    )
    result = {(m.layer, m.metric): m.value for m in density.DENSITY.measure(probe_input)}
    assert result["stage1/block01/conv1", "density"] == 0.5
    assert result["stage1/block01/conv2", "density"] == 1.0
    assert ("stem/conv", "density") not in result
    assert result["", "sparsity"] == pytest.approx(72 / total)


def test_a_whole_net_has_none(probe_input: ProbeInput) -> None:
    with pytest.raises(NotApplicable, match="no weight is zero"):
        list(density.DENSITY.measure(probe_input))
