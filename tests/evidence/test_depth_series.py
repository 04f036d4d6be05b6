"""Nets that are deepened in different parts are compared part by part, as those of a detector."""

import numpy as np
import pytest
from planted import variant

from depthstudy import records
from depthstudy.evidence import deeper
from depthstudy.evidence.causes import decomposition


def detector(name, depth, backbone=8, cells=1, heads=1, **fields):
    settings = {"model.depth": backbone, "model.cells": cells, "model.head_repeats": heads}
    return variant(name, depth, group="detector", settings=settings, **fields)


SHALLOW = detector("shallow", 14)
STAR = (
    SHALLOW,
    detector("backbone", 26, backbone=20),
    detector("pyramid", 38, cells=4),
    detector("heads", 20, heads=4),
)
ERRORS = {"shallow": 0.5, "backbone": 0.4, "pyramid": 0.6, "heads": 0.45}


def named(infos):
    return {
        name: [info.name for info in rows] for name, rows in records.depth_series(infos).items()
    }


def summary(errors):
    rows = [
        records.Summary(
            variant=name, seed=seed, train_error=error + noise, test_error=error + noise,
            gap=0.0, parameters=1, macs=1, seconds=1.0,
        )
        for name, error in errors.items()
        for seed, noise in enumerate((-0.01, 0.0, 0.01))
    ]  # fmt: skip
    return records.frame(records.Summary, rows)


def test_each_part_has_a_series_that_begins_with_the_shallow_net():
    assert named(STAR) == {
        "detector (depth 8 to 20)": ["shallow", "backbone"],
        "detector (cells 1 to 4)": ["shallow", "pyramid"],
        "detector (head repeats 1 to 4)": ["shallow", "heads"],
    }


def test_a_net_that_is_deepest_in_all_parts_makes_one_series():
    whole = detector("whole", 60, backbone=20, cells=4, heads=4)
    assert named((*STAR, whole)) == {
        "detector": ["shallow", "heads", "backbone", "pyramid", "whole"]
    }
    assert whole.deepens(STAR[1])
    assert not STAR[2].deepens(STAR[1])


def test_nets_that_share_a_span_have_series_of_their_own():
    infos = (
        detector("a", 14, cells=1, heads=2),
        detector("b", 30, cells=4, heads=2),
        detector("c", 15, backbone=9, cells=1, heads=1),
        detector("d", 31, backbone=9, cells=4, heads=1),
    )
    assert named(infos) == {
        "detector (cells 1 to 4)": ["a", "b"],
        "detector (cells 1 to 4), d": ["c", "d"],
    }


def test_families_and_depths_are_one_series_each():
    infos = [variant(f"{group}{d}", d, group=group) for d in (20, 8) for group in ("plain", "res")]
    assert named(infos) == {"plain": ["plain8", "plain20"], "res": ["res8", "res20"]}


def test_deeper_is_answered_of_each_part_and_never_between_parts():
    answers = deeper.answers(summary(ERRORS), STAR)
    assert {(row.deepest, row.against) for row in answers} == {
        ("backbone", "shallow"),
        ("pyramid", "shallow"),
        ("heads", "shallow"),
    }
    effects = {row.deepest: row.effect for row in answers}
    assert effects == pytest.approx({"backbone": -0.1, "pyramid": 0.1, "heads": -0.05})


@pytest.mark.parametrize(
    ("taken", "deepest"), [("heads", "heads"), ("pyramid", "pyramid"), ("shallow", "backbone")]
)
def test_the_headline_is_of_the_part_that_is_recommended(taken, deepest):
    answers = deeper.answers(summary(ERRORS), STAR)
    chosen = type("Choice", (), {"variant": taken})
    assert deeper.headline(answers, chosen, STAR).deepest == deepest


def test_only_a_net_of_the_same_part_is_the_best_that_a_loss_is_taken_against():
    rows = decomposition.decompose(summary(ERRORS), STAR)
    assert {(row.group, row.variant, row.best) for row in rows} == {
        ("detector (cells 1 to 4)", "pyramid", "shallow")
    }
    assert rows[0].effect == pytest.approx(0.1)
    assert np.isfinite(rows[0].low)


def test_chance_is_counted_over_all_parts():
    """Of three parts that do nothing one in sixty looks better by chance, not one in twenty."""
    alone = deeper.answers(summary(ERRORS), STAR[:2])[0]
    beside = {row.deepest: row for row in deeper.answers(summary(ERRORS), STAR)}["backbone"]
    assert beside.effect == alone.effect
    assert beside.high - beside.low > 1.2 * (alone.high - alone.low)
