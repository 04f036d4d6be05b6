"""What two treatments do together beyond what they do apart, on planted errors."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pytest
from planted import summary, variants

from depthstudy.config import Treatment
from depthstudy.evidence.causes.attribution import attribute
from depthstudy.records import Attribution

TREATMENTS = (
    Treatment("a", "optimization", (("x", 1),)),
    Treatment("b", "overfitting", (("y", 1),)),
    Treatment("both", "optimization", (("x", 1), ("y", 1))),
)
SCATTER = np.array([-0.004, 0.0, 0.004])


def rows_of(
    means: Mapping[str, tuple[float, float]], treated_seeds: int = 3
) -> dict[str, Attribution]:
    """Returns the rows by treatment, of test errors at depths 8 and 56."""
    errors = {
        f"d{depth}+{name}".removesuffix("+"): np.stack([0 * SCATTER, of_depth + SCATTER], axis=1)[
            : treated_seeds if name else None
        ]
        for name, by_depth in means.items()
        for depth, of_depth in zip((8, 56), by_depth, strict=True)
    }
    rows = attribute(summary(errors), variants((8, 56), ["a", "b", "both"]), TREATMENTS)
    return {row.treatment: row for row in rows}


@pytest.mark.parametrize(
    ("a", "b", "both", "interaction"),
    [
        ((0.10, 0.40), (0.10, 0.40), (0.10, 0.10), 0.2),  # both are needed
        ((0.10, 0.20), (0.10, 0.20), (0.10, 0.20), -0.3),  # either does
        ((0.10, 0.10), (0.10, 0.70), (0.10, 0.10), 0.0),  # a does, and b by itself does worse
        ((0.05, 0.35), (0.10, 0.40), (0.05, 0.25), 0.0),  # a helps all depths alike, by 0.05
        ((0.105, 0.40), (0.10, 0.40), (0.10, 0.30), 0.0),  # harm by less than a point
    ],
)
def test_it_is_what_the_rows_say_of_both_less_of_each(
    a: tuple[float, float], b: tuple[float, float], both: tuple[float, float], interaction: float
) -> None:
    rows = rows_of({"": (0.10, 0.50), "a": a, "b": b, "both": both})
    row = rows["both"]
    assert row.combines == "a + b"
    assert row.interaction == pytest.approx(interaction, abs=1e-9)
    apart = sum(max(0.0, rows[name].recovered) for name in "ab")
    assert row.interaction == pytest.approx(row.recovered - apart, abs=1e-9)
    assert row.interaction_low < row.interaction < row.interaction_high
    assert math.isnan(rows["a"].interaction)


@pytest.mark.parametrize("harmful", ["a", "both"])
def test_there_is_none_where_the_best_depth_is_harmed(harmful: str) -> None:
    means = {"": (0.10, 0.50), "a": (0.10, 0.40), "b": (0.10, 0.40), "both": (0.10, 0.30)}
    means[harmful] = (0.20, means[harmful][1])
    rows = rows_of(means)
    assert rows[harmful].word == "harms the best"
    assert [rows[name].recovered for name in ("a", "b", "both")] == pytest.approx([0.1, 0.1, 0.2])
    assert rows["both"].combines == "a + b"
    assert math.isnan(rows["both"].interaction)
    assert math.isnan(rows["both"].interaction_low)


def test_there_is_none_of_two_seeds() -> None:
    """As in the report of a study that still runs."""
    means = {"": (0.10, 0.50), "a": (0.10, 0.40), "b": (0.10, 0.40), "both": (0.10, 0.10)}
    row = rows_of(means, treated_seeds=2)["both"]
    assert (row.word, row.combines) == ("not shown", "a + b")
    assert math.isnan(row.interaction)
