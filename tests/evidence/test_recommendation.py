"""The net to take: the one-standard-error rule by hand."""

from __future__ import annotations

import numpy as np
import pytest
from planted import summary, variant
from scipy import stats

from depthstudy.evidence.recommendation import recommend

INFOS = [variant("d8", 8), variant("d20", 20), variant("d56", 56)]


def errors(**tests: list[float]) -> dict[str, np.ndarray]:
    return {name: np.stack([np.zeros(len(t)), np.array(t)], axis=1) for name, t in tests.items()}


def test_the_cheapest_within_one_standard_error_of_the_best() -> None:
    runs = errors(d8=[0.10, 0.12, 0.09], d20=[0.06, 0.04, 0.05], d56=[0.07, 0.02, 0.05])
    found = recommend(summary(runs), INFOS)
    assert found is not None
    # d56 is best by 0.0033; the standard error of d20 - d56 is 0.0088, that of d8 - d56, 0.020.
    assert (found.variant, found.best, found.deepest) == ("d20", "d56", "d56")
    assert (found.depth, found.macs, found.parameters, found.seconds) == (20, 200_000, 20_000, 11)
    assert found.over_best == pytest.approx(0.05 - 0.14 / 3)
    assert found.macs_saved_best == pytest.approx(1 - 20 / 56)
    interval = stats.ttest_1samp([0.06, 0.04, 0.05], 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert (found.test_error, found.seeds) == (pytest.approx(0.05), 3)


def test_seeds_are_paired() -> None:
    # Each seed loses the same 0.01, however far seeds are apart.
    runs = errors(d8=[0.11, 0.31, 0.51], d56=[0.10, 0.30, 0.50001])
    found = recommend(summary(runs), INFOS)
    assert found is not None
    assert (found.variant, found.over_best, found.macs_saved_best) == ("d56", 0, 0)


def test_of_equal_errors_the_cheapest() -> None:
    found = recommend(summary(errors(d56=[0.0, 0.0], d20=[0.0, 0.0], d8=[0.1, 0.1])), INFOS)
    assert found is not None
    assert (found.variant, found.best, found.deepest) == ("d20", "d20", "d56")
    assert found.over_deepest == 0


def test_a_treatment_that_cannot_be_told_from_none_is_not_taken() -> None:
    treated = variant("d8+x", 8, group="plain + x", treatment="x", untreated="d8")
    close = errors(**{"d8": [0.10, 0.12, 0.11], "d8+x": [0.09, 0.12, 0.11]})
    found = recommend(summary(close), [*INFOS, treated])
    assert found is not None
    assert (found.variant, found.best, found.treatment) == ("d8", "d8+x", "")
    clear = errors(**{"d8": [0.10, 0.12, 0.11], "d8+x": [0.05, 0.06, 0.06]})
    found = recommend(summary(clear), [*INFOS, treated])
    assert found is not None
    assert (found.variant, found.treatment, found.group) == ("d8+x", "x", "plain + x")
    assert found.over_deepest == 0  # of equally deep nets, the better one


def test_one_seed_has_no_interval() -> None:
    found = recommend(summary(errors(d8=[0.2], d20=[0.1], d56=[0.15])), INFOS)
    assert found is not None
    assert (found.variant, found.low, found.high, found.seeds) == ("d20", None, None, 1)
    assert found.over_deepest == pytest.approx(-0.05)


def test_without_a_choice_there_is_nothing_to_recommend() -> None:
    assert recommend(summary(errors(d8=[0.1, 0.2])), INFOS) is None
    assert recommend(summary({}), INFOS) is None
