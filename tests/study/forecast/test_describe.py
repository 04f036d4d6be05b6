"""What a study says in the terminal."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from types import SimpleNamespace

import jax
import numpy as np
import planted
import pytest

from depthstudy import records, study, train
from depthstudy.config import Hypothesis, StudyConfig, TrainConfig, Treatment, apply
from depthstudy.evidence.causes.attribution import attribute
from depthstudy.evidence.choice.recommendation import recommend
from depthstudy.evidence.findings import Findings
from depthstudy.plan import never_at_peak, prepare
from depthstudy.study.forecast.describe import (
    following,
    measuring,
    runs_in_words,
    sparse_curves,
    unequal,
)
from depthstudy.study.forecast.estimate import Estimator


def test_causes_and_the_recommendation_are_a_line_each() -> None:
    lost, won = ((0.0, 0.01), (0.63, 0.65)), ((0.0, 0.01), (0.0, 0.02))
    table, infos = planted.study(
        {"": lost, "residual": won, "decay": lost},
        (8, 56),
        seeds=3,
        spread=0.001,
        draw=np.random.default_rng(0),
    )
    treatments = [Treatment("residual", "optimization", ()), Treatment("decay", "overfitting", ())]
    info = records.StudyInfo(
        name="s",
        command="",
        config={"hypotheses": []},
        seeds=3,
        variants=tuple(infos),
        versions={},
        hardware={},
        seconds={"total": 3.0},
        finished="",
    )
    seen = {info.name: 3.0 if info.treatment else 2.0 for info in infos}
    findings = Findings(
        attribution=tuple(attribute(table, infos, treatments, budgets=seen)),
        recommendation=recommend(table, infos),
    )
    result = study.Result(Path(), info, table, findings)
    text = study.conclusion(result)
    words = " ".join(text.split())
    assert "cause d56: optimization; residual wins back 62.8 of 64.0 points" in words
    assert "3 seeds) Unequal budgets: one side saw 1.5 times the images." in words
    assert "take d8+residual: test error 1.0%" in words
    assert "80,000 MACs, 11.0 s a run" in words
    assert words.endswith("total 3 s")


def test_a_plan_says_what_is_measured() -> None:
    asked = StudyConfig(seeds=3, probes=("gradients", "field"), probe_seeds=2)
    text = measuring(asked, 4)
    assert text.startswith("then gradients, field are measured on 8 runs")
    assert measuring(StudyConfig(), 4) == ""


def test_a_plan_says_that_a_middle_depth_has_another_budget() -> None:
    rises = Hypothesis(
        name="h", statement="", metric="test_error", relation="rises", along="model.depth"
    )
    fields = (("sweep", (("model.depth", (8, 14, 20)),)), ("train.steps", 10))
    asked, variants = prepare(apply(StudyConfig(hypotheses=(rises,)), fields))
    assert unequal(asked, variants) == ""
    least, middle, greatest = variants
    longer = dataclasses.replace(middle, info=dataclasses.replace(middle.info, steps=20))
    assert unequal(asked, (least, longer, greatest)) == (
        "unequal budgets: hypothesis 'h' compares nets of which one sees 2 times the images\n"
    )


def test_a_plan_marks_eight_epochs_against_ten() -> None:
    less = Hypothesis(
        name="h", statement="", metric="evaluation.test_loss", relation="less",
        where=(("model.depth", 8),), against=(("model.depth", 14),),
    )  # fmt: skip
    fields = (("sweep", (("model.depth", (8, 14)),)), ("train.steps", 144))
    asked, (shallow, deep) = prepare(apply(StudyConfig(hypotheses=(less,)), fields))
    longer = dataclasses.replace(deep, info=dataclasses.replace(deep.info, steps=180))
    assert "nets of which one sees 1.2 times the images" in unequal(asked, (shallow, longer))


@pytest.mark.parametrize(("log_every", "is_named"), [(50, True), (10, False)])
def test_a_plan_says_where_curves_are_too_short_to_tell_whether_a_net_had_finished(
    log_every: int, is_named: bool
) -> None:
    fields = (("train.steps", 180), ("train.evaluations", 2), ("train.log_every", log_every))
    asked, variants = prepare(apply(StudyConfig(), fields))
    assert ("had finished" in sparse_curves(asked, variants)) == is_named


@pytest.mark.parametrize(("placement", "at_once"), [("jit", 1), ("pmap", 3)])
def test_a_guess_is_of_seeds_that_are_trained_together(
    placement: str, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a step of a second, however many seeds are in it, and nothing to compile."""

    def build(
        spec: object, data: object, config: object, dataset: object, placement: train.Placement
    ) -> SimpleNamespace:
        return SimpleNamespace(placement=placement, compile_seconds=0.0)

    monkeypatch.setattr(train, "build", build)
    module = sys.modules[Estimator.__module__]
    monkeypatch.setattr(module, "step_seconds", lambda program, seeds: 1.0)
    dense = (
        ("seeds", 3),
        ("processes", 1),
        ("model.depth", 8),
        ("train.steps", 10),
        ("train.batch_size", 64 * jax.device_count()),
        ("train.eval_batch_size", 64 * jax.device_count()),
        ("train.placement", placement),
    )
    halves = 2  # on a CPU half of such a batch is timed
    training = TrainConfig()
    evaluated = training.evaluations * (min(training.eval_train_examples, 1_151) + 287) + 359
    steps = 10 + evaluated / 3 / (64 * jax.device_count())  # forward passes are a third
    asked, variants = prepare(apply(StudyConfig(), dense))
    guess = Estimator(variants).seconds(asked, variants)
    assert guess == pytest.approx(steps * halves * 3 / at_once, rel=1e-4)
    pruned = (*dense, ("prune.weights", 0.5), ("prune.fine_tune_epochs", 1))
    asked, variants = prepare(apply(StudyConfig(), pruned))
    more = steps - 10
    dense_steps, pruned_steps = (variant.info.steps + more for variant in variants)
    assert Estimator(variants).seconds(asked, variants) == pytest.approx(
        halves * 3 * (dense_steps / at_once + pruned_steps), rel=1e-4
    )


@pytest.mark.parametrize(("looped", "share"), [(False, 20 / 56), (True, 1.0)])
def test_compiling_grows_with_depth_where_no_blocks_are_looped_over(
    looped: bool, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With steps that take no time, and a minute for the deepest net."""
    made = SimpleNamespace(placement=SimpleNamespace(groups=lambda seeds: [seeds]),
                           compile_seconds=60.0)  # fmt: skip
    monkeypatch.setattr(train, "build", lambda *arguments: made)
    monkeypatch.setattr(sys.modules[Estimator.__module__], "step_seconds", lambda *of: 0.0)
    fields = (
        ("seeds", 1),
        ("processes", 1),
        ("sweep", (("model.depth", (20, 56)),)),
        ("train.scan_blocks", looped),
    )
    asked, variants = prepare(apply(StudyConfig(), fields))
    guess = Estimator(variants).seconds(asked, variants)
    assert guess == pytest.approx(60 * (1 + share))


def test_a_guess_is_made_of_batches_smaller_than_their_groups(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys.modules[Estimator.__module__], "PROBE_SECONDS", 0.0)
    images = 64 * jax.device_count()  # half of them are timed
    fields = (
        ("model.depth", 8),
        ("model.width", 4),
        ("train.steps", 10),
        ("train.batch_size", images),
        ("train.eval_batch_size", images),
        ("train.statistics_images", images),
    )
    asked, variants = prepare(apply(StudyConfig(), fields))
    assert Estimator(variants).seconds(asked, variants) > 0


def test_a_plan_says_that_a_rate_is_never_reached() -> None:
    fields = (("sweep", (("model.depth", (8, 14)),)), ("train.steps", 10))
    for warmup, lines in (
        (10, []),
        (11, ["depth8 does not reach its learning rate, nor do 1 more: its 10 steps end within "
              "the warm-up, config.train.warmup_steps=11"]),
    ):  # fmt: skip
        _, variants = prepare(apply(StudyConfig(), (*fields, ("train.warmup_steps", warmup))))
        assert never_at_peak(variants) == lines


def test_runs_are_counted_by_the_seeds_of_each_variant() -> None:
    asked, variants = prepare(
        apply(StudyConfig(seeds=5), (("sweep", (("model.depth", (8, 14)),)),))
    )
    assert runs_in_words(asked, variants) == "2 variants x 5 seeds = 10 runs"
    fewer = (dataclasses.replace(variants[0], seeds=2), *variants[1:])
    assert runs_in_words(asked, fewer) == "7 runs"


def test_a_plan_says_what_tuning_takes_at_most() -> None:
    """Two nets with three rates each, and with two more where the best is at an edge."""
    rates = (("train.learning_rate", (0.01, 0.03, 0.1)),)
    fields = (("sweep", (("model.depth", (8, 14)),)), ("tune", rates), ("train.steps", 10))
    text = following(*prepare(apply(StudyConfig(), fields)))
    assert "takes as long as 6 of these runs, or up to 10 where the best lies at an edge" in text
