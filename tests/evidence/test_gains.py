import dataclasses
import math

import numpy as np
import pytest
from made_study import summarize, variant
from scipy import stats

from depthstudy import records
from depthstudy.evidence.costs import gains


def table(errors, seconds=1.0):
    rows = [
        dataclasses.replace(
            summarize(variant(name, 20, name), seed, 0.0, error),
            seconds=seconds * (1 + (name == "b")),
        )
        for name, values in errors.items()
        for seed, error in enumerate(values)
    ]
    return records.frame(records.Summary, rows)


def test_differences_are_those_of_the_means():
    infos = [variant("a", 20, "a"), dataclasses.replace(variant("b", 20, "b"), macs=3 * 5_843_840)]
    first, second = gains.against_first(
        table({"a": (0.5, 0.4, 0.6), "b": (0.4, 0.35, 0.45)}), infos
    )
    assert (first.variant, first.change, first.low, first.high) == ("a", 0.0, 0.0, 0.0)
    assert second.change == pytest.approx(-0.1)
    welch = stats.ttest_ind((0.4, 0.35, 0.45), (0.5, 0.4, 0.6), equal_var=False)
    low, high = welch.confidence_interval()
    assert (second.low, second.high) == pytest.approx((low, high), abs=0.08)
    assert (second.seeds, second.macs, second.seconds) == (3, 3.0, 2.0)


def test_intervals_hold_chance_of_test_images():
    infos = [variant("a", 20, "a"), variant("b", 20, "b")]
    runs = table({"a": (0.1, 0.1, 0.1), "b": (0.2, 0.2, 0.2)})
    places = np.arange(200)
    wrong = {"a": np.tile(places < 20, (3, 1)), "b": np.tile(places < 40, (3, 1))}
    _, change = gains.against_first(runs, infos, predictions=wrong)
    half = 1.96 * np.std(wrong["b"][0].astype(float) - wrong["a"][0]) / math.sqrt(200)
    assert (change.low, change.high) == pytest.approx((0.1 - half, 0.1 + half), abs=0.01)


def test_of_many_equal_variants_few_are_said_to_gain():
    """As often as one of two would be; each by itself, several of 60 studies would name one."""
    draw = np.random.default_rng(1)
    infos = [variant(f"v{i}", 20, f"v{i}") for i in range(12)]
    lower = 0
    for _ in range(60):
        runs = {info.name: draw.normal(0.2, 0.01, 3) for info in infos}
        lower += any(gain.high < 0 for gain in gains.against_first(table(runs), infos)[1:])
    assert lower <= 3


def test_only_where_variants_differ_in_anything_but_depth():
    names = {f"v{i}": (0.1, 0.2) for i in range(13)}
    infos = [variant(name, 20, name) for name in names]
    assert len(gains.against_first(table(names), infos[:12])) == 12
    assert gains.against_first(table(names), infos) == []
    assert gains.against_first(table(names), infos[:1]) == []
    deep = [variant("g", 8, "v0"), variant("g", 20, "v1")]
    assert gains.against_first(table(names), deep) == []
    pruned = [infos[0], dataclasses.replace(infos[1], dense="v0")]
    assert gains.against_first(table(names), pruned) == []


def test_what_saw_more_images_is_marked():
    infos = [variant("a", 20, "a"), variant("b", 20, "b")]
    runs = table({"a": (0.2, 0.21, 0.2), "b": (0.1, 0.11, 0.1)})
    ratios = [
        gain.budget_ratio
        for gain in gains.against_first(runs, infos, budgets={"a": 100.0, "b": 1_600.0})
    ]
    assert ratios == [1.0, 16.0]
    assert gains.against_first(runs, infos)[1].budget_ratio is None
