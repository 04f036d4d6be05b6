"""Failed runs of a verdict: which are named, and how many may go unseen."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import planted
import pytest
from claimed import A, B, claim, judge_one

from depthstudy import stats
from depthstudy.evidence import metrics
from depthstudy.evidence.findings import find
from depthstudy.records import Record

RUNS = {  # train and test error of three seeds
    "a": [(0.01, 0.05), (0.02, 0.06), (0.9, 0.9)],
    "b": [(0.01, 0.04), (0.01, 0.05), (0.02, 0.05)],
}


@pytest.mark.parametrize("metric", ["test_error", "gap"])
def test_a_run_that_failed_is_named_by_its_test_error(metric: str) -> None:
    """Its gap is the least of all: it learned nothing that it could have failed to carry over."""
    table = pd.DataFrame(
        [
            {"variant": name, "seed": seed, "test_error": test, "gap": test - train}
            for name, runs in RUNS.items()
            for seed, (train, test) in enumerate(runs)
        ]
    )
    verdict = judge_one(table, claim("greater", A, B, metric=metric), {"a": dict(A), "b": dict(B)})
    assert verdict.failed == "a: 1 of 3"
    assert verdict.unseen_failures == stats.unseen_failures(3)  # of the other net


def measured(variant: str, seed: int, name: str, value: float) -> Record:
    probe, _, metric = name.partition(".")
    return Record(
        study="s", variant=variant, seed=seed, step=9, probe=probe, metric=metric, value=value
    )


def test_a_run_that_was_cut_short_has_no_time_and_no_loss_but_its_start() -> None:
    """All three of "a" diverge early, which takes a tenth of the time of "b"."""
    runs = [
        {"variant": name, "seed": seed, "test_error": error, "seconds": time + seed}
        for name, error, time in (("a", 0.9, 10.0), ("b", 0.05, 100.0))
        for seed in range(3)
    ]
    rows = [measured(r["variant"], r["seed"], "run.train_seconds", r["seconds"]) for r in runs]
    rows += [measured("a", seed, "evaluation.train_loss", 0.1) for seed in range(3)]
    rows += [measured("a", seed, "evaluation.train_error", 0.9) for seed in range(3)]
    rows += [measured("a", seed, "run.diverged_at_step", 9.0) for seed in range(3)]
    rows += [measured("a", seed, "gradients.slope", 3.0) for seed in range(3)]
    rows += [measured("a", seed, "gradients.slope_initial", -2.0) for seed in range(3)]
    table = metrics.widen(pd.DataFrame(runs), rows, {f"{row.probe}.{row.metric}" for row in rows})
    settings = {"a": dict(A), "b": dict(B)}
    for metric in ("run.train_seconds", "seconds"):
        assert (
            judge_one(table, claim("less", A, B, metric=metric), settings).verdict == "not tested"
        )
    assert table["evaluation.train_loss"].isna().all()
    assert table["gradients.slope"].isna().all()
    assert table["gradients.slope_initial"].tolist()[:3] == [-2.0] * 3
    assert table["evaluation.train_error"].tolist()[:3] == [0.9] * 3
    assert table["run.diverged_at_step"].tolist()[:3] == [9.0] * 3
    assert table["seconds"].tolist()[3:] == [100.0, 101.0, 102.0]


def test_what_no_training_changes_counts_of_a_run_that_was_cut_short() -> None:
    runs = pd.DataFrame([{"variant": name, "seed": s} for name in "ab" for s in range(3)])
    memory = [
        measured(name, seed, "run.step_memory_bytes", size)
        for name, size in (("a", 4e6), ("b", 8e6))
        for seed in range(3)
    ]
    cut_short = [measured("a", seed, "run.diverged_at_step", 9.0) for seed in range(3)]
    table = metrics.widen(runs, [*memory, *cut_short], ["run.step_memory_bytes"])
    asked = claim("less", A, B, metric="run.step_memory_bytes")
    verdict = judge_one(table, asked, {"a": dict(A), "b": dict(B)})
    assert (verdict.verdict, verdict.effect) == ("supported", -4e6)


def test_no_mean_holds_the_time_of_a_run_that_was_cut_short() -> None:
    means, draw = {"": [(0.1, 0.2), (0.1, 0.3)]}, np.random.default_rng(0)
    runs, infos = planted.study(means, (8, 56), seeds=3, spread=0.001, draw=draw)
    first = (runs["variant"] == "d8") & (runs["seed"] == 0)
    timed = planted.material(runs.assign(seconds=np.where(first, 10.0, 100.0)), infos)
    cut_short = [measured("d8", 0, "run.diverged_at_step", 9.0)]
    findings = find(dataclasses.replace(timed, trained=cut_short), [], ())
    assert {row.mean for row in findings.means if row.metric == "seconds"} == {100.0}
    assert findings.recommendation is not None
    assert (findings.recommendation.variant, findings.recommendation.seconds) == ("d8", 100.0)


def test_a_verdict_on_time_names_the_runs_that_failed() -> None:
    table = pd.DataFrame(
        [
            {"variant": name, "seed": seed, "test_error": error, "seconds": seconds + seed}
            for name, errors, seconds in (("a", (0.05, 0.9, 0.06), 10), ("b", (0.05,) * 3, 100))
            for seed, error in enumerate(errors)
        ]
    )
    asked = claim("less", A, B, metric="seconds")
    verdict = judge_one(table, asked, {"a": dict(A), "b": dict(B)})
    assert (verdict.verdict, verdict.failed) == ("supported", "a: 1 of 3")
