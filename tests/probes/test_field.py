"""Receptive fields, against arch.cost and by hand."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
from squares import squares

from depthstudy import arch, nets
from depthstudy.arch.lowering import Conv
from depthstudy.config import DataConfig
from depthstudy.data import Dataset
from depthstudy.probes import field
from depthstudy.probes.measurement import Measurement
from depthstudy.probes.probe_input import ProbeInput


def measured(dataset: Dataset, spec: arch.ArchSpec) -> list[Measurement]:
    return list(field.FIELD.measure(ProbeInput(nets.Network(spec), {}, dataset)))


@pytest.mark.parametrize("family", ["plain", "resnet", "preact_resnet"])
def test_fields_by_hand(digits: Dataset, family: str) -> None:
    """Depth 8 on 8 x 8 pixels: fields 3, 5, 7, 9, 13, 17, 25; the fifth convolution reads 9 > 8."""
    spec = arch.build(family, depth=8, layout="cifar", width=4)
    result = measured(digits, spec)
    fields = [m.value for m in result if m.metric == "receptive_field" and m.layer]
    assert [value for value in fields if value] == [
        3,
        5,
        7,
        9,
        13,
        17,
        25,
    ] or family == "preact_resnet"
    assert (
        Measurement("", "receptive_field", arch.cost(spec, digits.image_shape).receptive_field)
        in result
    )
    assert Measurement("stage2/block01/conv2", "border_layer", 5) in result
    assert Measurement("", "share_past_border", 3 / 7) in result


def test_a_large_image_has_no_border(digits: Dataset) -> None:
    large = dataclasses.replace(digits, image_shape=(64, 8, 1))
    result = measured(large, arch.build("plain", depth=8, layout="cifar"))
    assert Measurement("", "share_past_border", 0.0) in result
    assert "border_layer" not in {m.metric for m in result}


def test_a_field_as_large_as_the_image_is_not_past_it(digits: Dataset) -> None:
    exact = dataclasses.replace(digits, image_shape=(9, 9, 1))
    result = measured(exact, arch.build("plain", depth=8, layout="cifar"))
    assert Measurement("stage3/block01/conv1", "border_layer", 6) in result


def test_a_detector_counts_a_convolution_once_for_all_levels() -> None:
    dataset = squares(DataConfig(name="squares", validation=0.0))
    spec = arch.build(
        "detector", depth=8, layout="cifar", width=4, channels=8, cells=2, num_classes=2
    )
    result = {(m.layer, m.metric): m.value for m in measured(dataset, spec)}
    paths = {layer for layer, metric in result if metric == "receptive_field" and "/" in layer}
    side = max(dataset.image_shape[:2])
    inside = {
        "/".join(cost.path)
        for cost in arch.layer_costs(spec, dataset.image_shape)
        if isinstance(cost.layer, Conv) and field.input_field(cost) <= side
    }
    assert result["", "convolutions"] == len(paths)
    assert 0 < result["", "convolutions_past_border"] == len(paths - inside) < len(paths)
    assert result["", "share_past_border"] == len(paths - inside) / len(paths)


@pytest.mark.parametrize("depth", [18, 50])
def test_input_field_is_the_output_field_of_the_layer_before(depth: int) -> None:
    costs = arch.layer_costs(arch.build("plain", depth=depth), (224, 224, 3))
    seen = 1
    for cost in costs:
        if isinstance(cost.layer, Conv):
            assert field.input_field(cost) == seen
        seen = cost.field


def test_every_named_layer_is_in_the_net(digits: Dataset, make: Callable) -> None:
    spec = arch.build("resnet", depth=8, layout="cifar", shortcut="B", width=4)
    params = make(spec)["params"]
    for measurement in measured(digits, spec):
        inner = params
        for name in measurement.layer.split("/") if measurement.layer else ():
            inner = inner[name]
