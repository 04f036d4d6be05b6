"""What the luck of the chosen best depth does to causes, where several depths are equal."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest
from planted import study, variants

from depthstudy import records
from depthstudy.config import Treatment
from depthstudy.evidence.causes.attribution import attribute

pytestmark = pytest.mark.slow
DEPTHS = (8, 14, 20, 26, 32, 56)
STUDIES = 200
PARTS = (
    Treatment("a", "optimization", (("x", 1),)),
    Treatment("b", "overfitting", (("y", 1),)),
    Treatment("both", "optimization", (("x", 1), ("y", 1))),
)


def deepest_rows(
    at_shallow: dict[str, float], at_deep: dict[str, float], spread: float
) -> Iterator[dict[str, records.Attribution]]:
    """Yields what treatments win back at depth 56, in studies of test errors at equal depths."""
    draw = np.random.default_rng(8)
    means = {
        name: [(0.0, error) for error in (*[at_shallow[name]] * 5, at_deep[name])]
        for name in at_shallow
    }
    treatments = PARTS if len(at_shallow) > 2 else (Treatment("x", "overfitting", ()),)
    for _ in range(STUDIES):
        table, _ = study(means, DEPTHS, seeds=5, spread=spread, draw=draw)
        infos = variants(DEPTHS, [name for name in means if name])
        rows = attribute(table, infos, treatments)
        yield {row.treatment: row for row in rows if row.variant == "d56"}


def at_most(level: float) -> float:
    """Returns the share of studies that a level allows, with two standard errors of it."""
    return level + 2 * math.sqrt(level * (1 - level) / STUDIES)


def test_a_general_good_is_no_cause() -> None:
    """It halves all errors."""
    every = deepest_rows({"": 0.1, "x": 0.05}, {"": 0.5, "x": 0.25}, spread=0.006)
    words = [rows["x"].word for rows in every]
    assert words.count("cause") / STUDIES <= at_most(0.05)


def test_what_leaves_the_best_as_it_is_does_not_harm_it() -> None:
    """Its luck is not there again with the treatment, which looks like harm."""
    every = deepest_rows({"": 0.1, "x": 0.1}, {"": 0.5, "x": 0.1}, spread=0.02)
    words = [rows["x"].word for rows in every]
    assert words.count("harms the best") / STUDIES <= at_most(0.2)
    assert words.count("cause") / STUDIES > 0.75


def test_no_parts_overlap_or_need_each_other_by_luck() -> None:
    """Each part does a third of what both do at depth 56, beyond what it does for any depth."""
    shallow = {"": 0.1, "a": 0.08, "b": 0.08, "both": 0.06}
    deep = {"": 0.5, "a": 0.38, "b": 0.38, "both": 0.26}
    every = deepest_rows(shallow, deep, spread=0.006)
    shown = [
        row.interaction_low > 0 or row.interaction_high < 0
        for row in (rows["both"] for rows in every)
    ]
    assert sum(shown) / STUDIES <= at_most(0.05)
