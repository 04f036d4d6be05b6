"""The catalog of metrics: what a probe yields is declared, and what is declared is yielded."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from small_nets import cut

from depthstudy import arch, config, data, nets, probes, records
from depthstudy.probes.blocks.deletion import redundant_block_fraction
from depthstudy.probes.measurement import Measurement
from depthstudy.probes.probe_input import ProbeInput
from depthstudy.probes.representation import similarity

Yielded = dict[str, list[Measurement]]


@pytest.fixture(scope="module")
def yielded(make: Callable) -> Yielded:
    """Returns what each probe yields of a small net."""
    network = nets.Network(cut(arch.build("resnet", depth=14, layout="cifar", width=4)))
    initial = make(network.spec)
    kernel = initial["params"]["stage1"]["block01"]["conv1"]["kernel"]
    pruned = {"kernel": kernel * (np.arange(kernel.size).reshape(kernel.shape) % 2)}
    stage1 = dict(initial["params"]["stage1"])
    stage1["block01"] = {**stage1["block01"], "conv1": pruned}
    variables = {**initial, "params": {**initial["params"], "stage1": stage1}}
    probe_input = ProbeInput(
        network=network,
        variables=variables,
        initial=initial,
        early=initial,
        rates={"_initial": 0.1, "_early": 0.1, "": 0.1},
        dataset=data.load(config.DataConfig(stream=False, label_noise=0.2)),
        examples=64,
        batch_size=32,
    )
    result: Yielded = {name: [] for name in probes.PROBES}
    for name, measured in probes.measure(probe_input):
        if not measured.metric.startswith(records.NOT_APPLICABLE):
            result[name].append(measured)
    return result


OBJECTS = ("median_object_size",)  # said of detectors only: see test_detectors.py


@pytest.mark.parametrize("name", probes.PROBES)
def test_what_a_probe_yields_is_what_it_declares(name: str, yielded: Yielded) -> None:
    metrics = probes.PROBES[name].metrics
    seen = set()
    for metric, per_layer in {(m.metric, bool(m.layer)) for m in yielded[name]}:
        result = records.find_metric(metrics, metric, per_layer=per_layer)
        assert result is not None, f"{metric} is not declared"
        seen.add((result, result.suffix(metric)))
    declared = {(metric, suffix) for metric in metrics for suffix in metric.suffixes}
    assert seen == {(metric, suffix) for metric, suffix in declared if metric.name not in OBJECTS}


OF_IMAGES = {  # what is made of means over images; all else has no interval over them
    "generalization": "train_error test_error gap train_loss test_loss loss_gap",
    "memorization": "memorized_share recovered_share",
    "shattering": "gradient_correlation correlation_length white_noise_share",
    "isometry": "singular_value_mean singular_value_max singular_value_min log10_condition "
    "isometry_distance",
    "sharpness": "hessian_eigenvalue",
    "cka": "cka block_share far_cka",
    "deletion": "error error_increase redundant_block_fraction",
    "deletion_reestimated": "error error_increase redundant_block_fraction",
    "linear": "probe_accuracy",
    "rank": "saturation effective_rank stable_rank",
}


def _stem(metric: str) -> str:
    plain = metric.removesuffix("_initial").removesuffix("_early").rstrip("0123456789")
    return plain.removesuffix("_deleting_").removesuffix("_swapping_").removesuffix("_")


@pytest.mark.parametrize("name", probes.PROBES)
def test_what_is_made_of_means_over_images_has_their_numbers(name: str, yielded: Yielded) -> None:
    expected = set(OF_IMAGES.get(name, "").split())
    stems = {_stem(m.metric) for m in yielded[name] if m.sample is not None}
    assert stems == expected
    without = {_stem(m.metric) for m in yielded[name] if m.sample is None}
    assert not without & expected


@pytest.mark.parametrize("name", OF_IMAGES)
def test_a_number_is_what_its_statistic_makes_of_the_means(name: str, yielded: Yielded) -> None:
    for measurement in yielded[name]:
        if measurement.sample is None:
            continue
        means = np.concatenate([group.mean(axis=0) for group in measurement.sample.groups])[None]
        columns = measurement.sample.columns
        chosen = means if columns is None else means[:, columns]
        (value,) = measurement.sample.statistic(chosen)
        assert value == pytest.approx(measurement.value, rel=1e-5, abs=1e-7), measurement.metric


@pytest.mark.parametrize("name", probes.PROBES)
def test_every_probe_has_words_for_a_reader(name: str) -> None:
    probe = probes.PROBES[name]
    assert probe.title
    assert probe.description
    assert all(metric.title and metric.description for metric in probe.metrics)
    keys = [(metric.name, metric.per_layer) for metric in probe.metrics]
    assert len(set(keys)) == len(keys)


def test_a_probe_counts_by_the_threshold_that_it_declares() -> None:
    increase = records.find_metric(
        probes.PROBES["deletion"].metrics, "error_increase", per_layer=True
    )
    cka = records.find_metric(probes.PROBES["cka"].metrics, "cka", per_layer=True)
    assert increase is not None
    assert cka is not None
    assert (increase.threshold, cka.threshold) == (0.01, 0.9)
    costs = [-0.02, 0.0, 0.0099, 0.0101, 0.3]
    assert redundant_block_fraction(costs) == np.mean([increase.is_beyond(x) for x in costs]) == 0.6
    alike = np.array([[1, 0.95, 0.85], [0.95, 1, 0.95], [0.85, 0.95, 1]])
    assert similarity.largest_block(alike) == 2
    assert [cka.is_beyond(x) for x in alike[0]] == [True, True, False]
