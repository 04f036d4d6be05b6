import dataclasses

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


def test_differences_are_paired_by_seed():
    infos = [variant("a", 20, "a"), dataclasses.replace(variant("b", 20, "b"), macs=3 * 5_843_840)]
    first, second = gains.against_first(
        table({"a": (0.5, 0.4, 0.6), "b": (0.4, 0.35, 0.45)}), infos
    )
    assert (first.variant, first.change, first.low, first.high) == ("a", 0.0, 0.0, 0.0)
    changes = [-0.1, -0.05, -0.15]
    low, high = stats.t.interval(0.95, 2, loc=-0.1, scale=stats.sem(changes))
    assert (second.change, second.low, second.high) == pytest.approx((-0.1, low, high))
    assert (second.seeds, second.macs, second.seconds) == (3, 3.0, 2.0)


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
