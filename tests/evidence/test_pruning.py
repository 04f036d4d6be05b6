import dataclasses
import math

import numpy as np
import pytest
from made_interventions import pruned_study
from made_study import prune_config

from depthstudy import records, store
from depthstudy.evidence.costs import pruning


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return pruned_study(tmp_path_factory.mktemp("pruned"))


def compared(study, **changes):
    """Returns what is concluded of the study by name, some settings of all nets changed."""
    info = store.read_info(study)
    summary = store.read_table(study / store.SUMMARY, records.Summary)
    table = store.read_table(study / store.RECORDS, records.Record)
    rows = [records.Record(**row) for row in table.to_dict("records")]
    configs = {variant.name: prune_config(variant) for variant in info.variants}
    for name, fields in changes.items():
        configs[name] = dataclasses.replace(configs[name], **fields)
    return {net.variant: net for net in pruning.compare(summary, rows, info.variants, configs)}


def test_nets_stand_in_the_order_of_the_plan(study):
    nets = [net for net in compared(study).values() if net.origin == "depth 44"]
    assert [(net.part, net.share, net.method, net.control) for net in nets] == [
        ("weights", 0.5, "magnitude", "none"),
        ("weights", 0.9, "magnitude", "none"),
        ("weights", 0.95, "magnitude", "none"),
        ("weights", 0.5, "random", "none"),
        ("channels", 0.5, "magnitude", "none"),
        ("channels", 0.5, "magnitude", "scratch_epochs"),
        ("blocks", 0.5, "least damage", "none"),
    ]


def test_shares_and_times_are_those_of_the_dense_net(study):
    nets = compared(study)
    channels, weights = nets["depth44_channels0.5"], nets["depth44_weights0.9"]
    left = (channels.weights_left, channels.macs_left, channels.step_time)
    assert left == pytest.approx((0.25, 0.25, 0.4), rel=1e-3)
    left = (weights.weights_left, weights.macs_left, weights.step_time)
    assert left == pytest.approx((0.1, 1.0, 1.05))


def test_changes_are_paired_with_the_dense_net(study):
    net = compared(study)["depth44_weights0.9"]
    # What is planted is 0.4 points on seed 0 and grows by 5% a seed: 4.303 * 0.0002 / sqrt(3).
    assert net.change == pytest.approx(0.0042)
    assert net.change_high - net.change == pytest.approx(4.3027 * 0.0002 / math.sqrt(3), rel=1e-4)
    assert net.seeds == 3


def test_intervals_hold_chance_of_test_images(study):
    info = store.read_info(study)
    summary = store.read_table(study / store.SUMMARY, records.Summary)
    configs = {variant.name: prune_config(variant) for variant in info.variants}
    draw = np.random.default_rng(0)
    wrong = {i.name: draw.random((3, 500)) < 0.1 for i in info.variants}
    known = pruning.compare(summary, [], info.variants, configs, predictions=wrong)
    bare = pruning.compare(summary, [], info.variants, configs)
    for net, plain in zip(known, bare, strict=True):
        assert net.change == plain.change
        assert net.change_high - net.change_low > 0.02
        assert not plain.change_high - plain.change_low > 0.02


def test_less_than_a_point_is_harmless_as_far_as_all_smaller_shares_are(study):
    nets = compared(study)
    harmless = {net.share for net in nets.values() if net.harmless and net.method == "magnitude"
                and net.part == "weights"}  # fmt: skip
    assert harmless == {0.5, 0.9}  # 0.95 loses three points
    assert not nets["depth44_weights0.5_random"].harmless  # two points


def test_what_may_lose_more_than_a_point_is_not_called_harmless(study):
    """On 100 images a loss of half a point may be one of several."""
    info = store.read_info(study)
    summary = store.read_table(study / store.SUMMARY, records.Summary)
    configs = {variant.name: prune_config(variant) for variant in info.variants}
    seen = {i.name: 150.0 if i.dense else 100.0 for i in info.variants}
    images = {"test_error": 100}
    nets = pruning.compare(summary, [], info.variants, configs, images=images, budgets=seen)
    (net,) = (n for n in nets if n.variant == "depth44_weights0.9")
    assert net.change < pruning.HARMLESS < net.change_high
    assert (net.harmless, net.budget_ratio) == (False, 1.5)


def test_a_control_is_set_against_the_net_of_its_shape(study):
    control = compared(study)["depth44_channels0.5_scratch"]
    assert control.tuned == "depth44_channels0.5"
    # 0.8 against 0.3 points, growing by 5% a seed.
    assert control.tuned_change == pytest.approx(0.00525)
    assert control.tuned_low == pytest.approx(0.00525 - 4.3027 * 0.00025 / math.sqrt(3), rel=1e-4)
    assert compared(study)["depth44_channels0.5"].tuned == ""


def test_methods_of_one_score_are_told_apart(study):
    nets = compared(study, **{"depth44_weights0.5": {"distribution": "erk"}})
    assert nets["depth44_weights0.5"].method == "magnitude (erk)"
    assert nets["depth44_weights0.9"].method == "magnitude"
    assert nets["depth44_channels0.5"].method == "magnitude"


def test_nets_that_lost_of_several_parts_are_left_out(study):
    nets = compared(study, **{"depth44_weights0.5": {"channels": 0.5}})
    assert "depth44_weights0.5" not in nets


def test_two_seeds_show_no_harmlessness(study):
    info = store.read_info(study)
    summary = store.read_table(study / store.SUMMARY, records.Summary)
    configs = {variant.name: prune_config(variant) for variant in info.variants}
    nets = {
        seeds: pruning.compare(summary[summary["seed"] < seeds], [], info.variants, configs)
        for seeds in (2, 3)
    }
    assert any(net.harmless for net in nets[3])
    assert not any(net.harmless for net in nets[2])


def test_nothing_is_harmless_to_a_net_that_learned_nothing(study):
    info = store.read_info(study)
    summary = store.read_table(study / store.SUMMARY, records.Summary)
    configs = {variant.name: prune_config(variant) for variant in info.variants}
    constant = {"test_error": {variant.name: 0.011 for variant in info.variants}}
    nets = pruning.compare(summary, [], info.variants, configs, baselines=constant)
    assert not any(net.harmless for net in nets)
