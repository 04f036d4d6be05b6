"""Metrics of probes in hypotheses: which number of a run they are, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from claimed import A, B, claim, judge_one, table
from planted import summary

from depthstudy.config import Hypothesis, StudyConfig, apply
from depthstudy.errors import InputError
from depthstudy.evidence import metrics
from depthstudy.evidence.claims import verdicts
from depthstudy.plan import prepare
from depthstudy.records import Record

RUNS = summary({name: np.zeros((3, 2)) for name in ("shallow", "deep")})
SETTINGS = {"shallow": {"model.depth": 8}, "deep": {"model.depth": 20}}
SLOPE = "gradients.slope"


def row(variant: str, seed: int, value: float, step: int = 100, **fields: str) -> Record:
    place = {"probe": "gradients", "metric": "slope", **fields}
    return Record(study="s", variant=variant, seed=seed, step=step, value=value, **place)


ROWS = [
    row("deep", 0, -3.0),
    row("deep", 0, 9.0, step=50),
    row("deep", 1, -2.0),
    row("shallow", 0, -1.0),
    row("shallow", 1, -0.5),
    row("shallow", 2, -0.25),
    row("deep", 2, 7.0, layer="stem"),
    row("deep", 2, 7.0, metric="other"),
    row("deep", 2, 7.0, probe="other"),
]


def test_a_run_has_its_last_number_of_the_whole_net() -> None:
    wide = metrics.widen(RUNS, ROWS, [SLOPE, "test_error", SLOPE])
    pd.testing.assert_frame_equal(wide[RUNS.columns], RUNS)
    slopes = wide.set_index(["variant", "seed"])[SLOPE]
    assert slopes["deep"].tolist()[:2] == [-3.0, -2.0]
    assert math.isnan(slopes["deep", 2])
    assert slopes["shallow"].tolist() == [-1.0, -0.5, -0.25]
    assert len(metrics.measured(wide, SLOPE)) == 5
    assert len(metrics.measured(wide, "test_error")) == 6


def judged(metric: str) -> tuple[str, float, int]:
    hypothesis = Hypothesis("h", "", metric, "less", *(tuple(SETTINGS[n].items())
                                                       for n in ("deep", "shallow")))  # fmt: skip
    wide = metrics.widen(RUNS, ROWS, [metric])
    (verdict,) = verdicts.judge(wide, SETTINGS, [hypothesis])
    return verdict.verdict, verdict.effect, verdict.seeds


def test_a_hypothesis_compares_the_seeds_that_were_measured() -> None:
    assert judged(SLOPE) == ("inconclusive", pytest.approx(-2.5 + 1.75 / 3), 2)
    word, effect, seeds = judged("gradients.absent")
    assert (word, seeds) == ("not tested", 0)
    assert math.isnan(effect)


@pytest.mark.parametrize(
    ("metric", "is_learned"),
    [
        ("gap", True),
        ("evaluation.validation_loss", True),
        ("training.loss", True),
        ("training.loss_scale", False),
        ("run.step_memory_bytes", False),
        ("macs", False),
    ],
)
def test_more_steps_change_how_well_a_net_does(metric: str, is_learned: bool) -> None:
    assert metrics.is_learned(metric) == is_learned


def study(metric: str) -> StudyConfig:
    hypothesis = {"name": "h", "statement": "", "metric": metric, "relation": "rises",
                  "along": "model.depth"}  # fmt: skip
    return apply(
        StudyConfig(),
        (
            ("sweep", (("model.depth", (8, 14)),)),
            ("probes", ("gradients",)),
            ("hypotheses", (hypothesis,)),
        ),
    )


@pytest.mark.parametrize("metric", [SLOPE, "run.train_seconds", "gap"])
def test_what_is_measured_may_be_asked_for(metric: str) -> None:
    assert prepare(study(metric))[0].hypotheses[0].metric == metric


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        ("cka.far_cka", "config.probes has to name it (measured are run, training, evaluation, gr"),
        ("slope", "unknown metric 'slope'; allowed: train_error"),
    ],
)
def test_what_is_not_measured_is_refused_before_training(metric: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        prepare(study(metric))
    assert message in str(error.value)


def test_seeds_that_agree_on_a_coarse_grid_are_not_exact() -> None:
    """Whole blocks are counted, which other seeds may count otherwise; other nets tell how much."""
    metric = "deletion.redundant_block_fraction"
    runs = {"a": np.full(3, 1 / 3), "b": np.zeros(3)}
    settings = {"a": dict(A), "b": dict(B)}
    claimed = claim("greater", A, B, margin=0.1, metric=metric)
    alone = judge_one(table(runs, metric), claimed, settings)
    assert (alone.verdict, alone.p, alone.scope) == ("inconclusive", 1.0, "seeds")
    assert math.isnan(alone.low)
    wild = {"c": np.array([0.0, 1 / 3, 2 / 3]), "d": np.array([1 / 3, 2 / 3, 0.0])}
    beside = judge_one(table(runs | wild, metric), claimed, settings)
    assert beside.verdict == "inconclusive"
    assert beside.low < 0 < 1 / 3 < beside.high
