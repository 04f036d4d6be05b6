"""Scores of untrained nets are told better than their size where they are, and only there."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from depthstudy.evidence.choice import ranking, rungs


def nets(count: int, seed: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Returns errors that fall with a quality, and scores of which one knows it."""
    draw = np.random.default_rng(seed)
    quality, size = draw.normal(size=(2, count))
    return 0.2 - 0.02 * quality, {
        "knows": quality + draw.normal(0, 0.1, count),
        "counts": size + draw.normal(0, 0.1, count),
        "parameters": size,
        "macs": size + draw.normal(0, 0.3, count),
    }


def test_a_score_that_knows_is_better_and_one_that_counts_is_not() -> None:
    rows = {row.score: row for row in ranking.rank(*nets(40, 0))}
    assert rows["knows"].word == "supported"
    assert rows["knows"].tau > 0.8
    assert rows["knows"].partial > 0.8
    assert rows["counts"].word == "inconclusive"
    assert abs(rows["counts"].partial) < 0.4
    assert rows["parameters"].word == ""
    assert math.isnan(rows["parameters"].over_parameters)


@pytest.mark.slow
def test_scores_that_know_nothing_are_seldom_called_better() -> None:
    wrong = 0
    for seed in range(60):
        errors, scores = nets(30, seed)
        draw = np.random.default_rng(1000 + seed)
        blind = {name: draw.normal(size=30) for name in ("a", "b", "c")}
        sizes = {name: scores[name] for name in ("parameters", "macs")}
        words = [row.word for row in ranking.rank(errors, {**blind, **sizes})]
        wrong += "supported" in words or "refuted" in words
    assert wrong <= 6


def test_a_claim_on_scores_is_that_one_of_them_is_better() -> None:
    rows = ranking.rank(*nets(40, 0))
    assert ranking.headline(rows) == ("supported", rows[0])
    assert ranking.headline(rows[1:]) == ("inconclusive", rows[1])
    worse = [dataclasses.replace(rows[1], word="refuted", over_parameters=x) for x in (-0.4, -0.2)]
    assert ranking.headline(worse) == ("refuted", worse[1])
    assert ranking.headline(rows[2:]) is None  # the controls


def test_nets_without_a_score_are_left_out_and_few_say_nothing() -> None:
    errors, scores = nets(20, 0)
    scores["knows"][:5] = math.nan
    assert {row.nets for row in ranking.rank(errors, scores)} == {15}
    scores["knows"][:12] = math.nan
    assert ranking.rank(errors, scores) == []


def test_rounds_cost_what_they_say() -> None:
    planned = rungs.plan(48, (0.125, 0.25, 1.0), 0.25)
    assert planned == ((48, 0.125), (12, 0.25), (3, 1.0))
    assert rungs.cost(48, (0.125, 0.25, 1.0), 0.25) == 48 / 8 + 12 / 4 + 3
