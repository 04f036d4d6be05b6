"""Variants that start from trained nets: their plan, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from pruned_study import REMOVAL, TUNED, small

from depthstudy import plan
from depthstudy.config import PruneConfig, Treatment
from depthstudy.errors import InputError


def test_the_plan_says_what_is_left_and_how_long_it_trains() -> None:
    variants = {variant.name: variant for variant in plan.plan(small())}
    assert list(variants) == [
        "resnet_depth8", "resnet_depth20", "resnet_depth20+removal", "resnet_depth20+scratch",
    ]  # fmt: skip
    removal, scratch = variants["resnet_depth20+removal"], variants["resnet_depth20+scratch"]
    assert removal.info.dense == scratch.info.dense == "resnet_depth20"
    assert removal.info.depth == scratch.info.depth == 20 - 2 * 4  # 4 of 7 removable blocks
    assert (removal.info.steps, scratch.info.steps) == (2, 6)
    assert (removal.train.learning_rate, scratch.train.learning_rate) == (0.01, 0.1)


def test_scales_are_penalized_before_pruning_only() -> None:
    settings = (("prune.channels", 0.5), ("prune.score", "norm_scale"), *TUNED)
    anew = (*settings, ("prune.control", "scratch_epochs"))
    config = small(
        sweep=(), treatments=(), variants=(("tuned", settings), ("anew", anew)),
        **{"train.scale_penalty": 0.01},
    )  # fmt: skip
    penalties = {variant.name: variant.train.scale_penalty for variant in plan.plan(config)}
    assert penalties == {"pruned_dense": 0.01, "tuned": 0.0, "anew": 0.0}


@pytest.mark.parametrize(
    ("settings", "is_control"),
    [
        ({}, False),
        ({"score": "random"}, False),
        ({"blocks": 0.5}, False),
        ({"blocks": 0.5, "control": "scratch_epochs"}, True),
        ({"channels": 0.5, "control": "scratch_compute"}, True),
        ({"weights": 0.5, "score": "random"}, True),
        ({"blocks": 0.5, "score": "random"}, False),  # blocks go by their damage
    ],
)
def test_cuts_at_random_and_nets_trained_anew_are_controls(
    settings: dict[str, Any], is_control: bool
) -> None:
    assert PruneConfig(**settings).is_control == is_control


def test_groups_tell_what_was_pruned_and_no_more() -> None:
    variants = (
        ("dense", (("prune.weights", 0.0),)),
        ("half", (("prune.weights", 0.5), *TUNED)),
        ("random", (("prune.weights", 0.5), ("prune.score", "random"), *TUNED)),
    )
    planned = plan.plan(small(sweep=(), treatments=(), variants=variants))
    assert [variant.info.group for variant in planned] == [
        "resnet", "resnet, weights=0.5", "resnet, weights=0.5, score=random",
    ]  # fmt: skip
    longer = ("longer", (*variants[1][1][:1], ("prune.fine_tune_epochs", 3), TUNED[1]))
    planned = plan.plan(small(sweep=(), treatments=(), variants=(*variants, longer)))
    assert planned[-1].info.group == "resnet, weights=0.5, fine_tune_epochs=3"


def test_equal_compute_trains_longer() -> None:
    settings = (*REMOVAL, ("prune.control", "scratch_compute"))
    (variant,) = plan.plan(
        small(sweep=(), treatments=(), variants=(("v", settings),))
    )[1:]  # fmt: skip
    (dense,) = plan.plan(small(sweep=(), treatments=()))
    assert variant.info.steps == round(4 * dense.info.macs / variant.info.macs) + 2


def test_a_dense_twin_is_added_where_there_is_none() -> None:
    sweep = (("prune.blocks", (0.25, 0.5)),)
    variants = plan.plan(small(sweep=sweep, treatments=(), **{"prune.fine_tune_epochs": 1}))
    assert [variant.name for variant in variants] == ["pruned_dense", "blocks0.25", "blocks0.5"]
    assert [variant.info.dense for variant in variants] == ["", "pruned_dense", "pruned_dense"]


def test_nothing_to_take_out_leaves_a_treatment_out() -> None:
    sweep = (("model.family", ("plain", "resnet")),)
    names = [variant.name for variant in plan.plan(small(sweep=sweep))]
    assert names == ["plain", "resnet", "resnet+removal", "resnet+scratch"]
    with pytest.raises(InputError, match="variant plain: no block can be taken out"):
        plan.plan(small(sweep=sweep, treatments=(), **dict(REMOVAL)))


def test_fine_tuning_is_asked_for() -> None:
    with pytest.raises(InputError, match="fine_tune_epochs has to be at least 1"):
        plan.plan(small(treatments=(), **{"prune.blocks": 0.5}))


def test_a_treated_net_that_the_study_has_already_shares_its_runs() -> None:
    residual = Treatment("residual", "optimization", (("model.family", "resnet"),))
    sweep = (("model.family", ("plain", "resnet")),)
    *_, treated = plan.plan(small(sweep=sweep, treatments=(residual,)))
    assert (treated.name, treated.runs) == ("plain+residual", "resnet")


def test_norm_scales_say_nothing_of_single_weights() -> None:
    settings = (("prune.weights", 0.5), ("prune.score", "norm_scale"), *TUNED)
    with pytest.raises(InputError, match="of channels; of weights: magnitude, random"):
        plan.plan(small(sweep=(), treatments=(), variants=(("v", settings),)))


def test_an_average_of_pruned_weights_is_refused_before_anything_is_trained() -> None:
    pruned = ("pruned", (("prune.weights", 0.5), *TUNED))
    config = small(sweep=(), treatments=(), variants=(pruned,), **{"train.average_decay": 0.9})
    with pytest.raises(InputError, match=r"variant pruned: config.train.average_decay=0.9 keeps"):
        plan.plan(config)
