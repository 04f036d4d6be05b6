"""The description of a metric: which records it is of, its words and its threshold."""

from __future__ import annotations

import math

import pytest

from depthstudy.records import Metric, find_metric


def made(name: str, **fields: object) -> Metric:
    return Metric(**{"name": name, "title": name, "description": "a number", **fields})


def test_suffixes() -> None:
    metric = made("norm", suffixes=("_initial", ""))
    suffixes = {
        name: metric.suffix(name) for name in ("norm", "norm_initial", "norm_early", "a_norm")
    }
    assert suffixes == {"norm": "", "norm_initial": "_initial", "norm_early": None, "a_norm": None}
    assert made("norm").suffix("norm_initial") is None


def test_a_star_is_a_number() -> None:
    metric = made("swapping_*", title="* pairs", suffixes=("_initial", ""))
    assert metric.suffix("swapping_16_initial") == "_initial"
    assert metric.title_of("swapping_16_initial") == "16 pairs"
    assert metric.title_of("swapping_2") == "2 pairs"
    assert metric.suffix("swapping_") is None
    assert metric.suffix("swapping_all") is None


def test_find_metric_tells_layers_from_the_net_and_takes_the_first() -> None:
    metrics = [made("a"), made("a", per_layer=True), made("b_1"), made("b_*")]
    assert find_metric(metrics, "a", per_layer=True) is metrics[1]
    assert find_metric(metrics, "a", per_layer=False) is metrics[0]
    assert find_metric(metrics, "b_1", per_layer=False) is metrics[2]
    assert find_metric(metrics, "b_2", per_layer=False) is metrics[3]
    assert find_metric(metrics, "b_2", per_layer=True) is None
    assert find_metric(metrics, "c", per_layer=False) is None


@pytest.mark.parametrize(
    ("side", "beyond"),
    [
        ("above", [False, False, True, True]),
        ("below", [True, True, False, False]),
        ("both", [True, False, True, True]),
    ],
)
def test_thresholds(side: str, beyond: list[bool]) -> None:
    metric = made("a", threshold=0.5, side=side, beyond="too much")
    assert [metric.is_beyond(value) for value in (-0.6, 0.4, 0.5, 0.6)] == beyond
    assert not metric.is_beyond(math.nan)
    assert not made("a").is_beyond(1e9)


def test_what_contradicts_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="threshold"):
        made("a", threshold=0.5)
    with pytest.raises(ValueError, match="threshold"):
        made("a", beyond="too much")
    with pytest.raises(ValueError, match="star"):
        made("a", title="a *")
