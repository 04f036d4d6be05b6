"""In how many processes a study is trained: what follows its runs is trained in them, too."""

from __future__ import annotations

import dataclasses

import jax
import pytest

from depthstudy import execute, plan, runtime
from depthstudy.config import StudyConfig, Treatment, apply
from depthstudy.execute.executors import process_count

SHORT = apply(
    StudyConfig(),
    (("seeds", 3), ("sweep", (("model.depth", (8, 38)),)), ("train.steps", 60)),
)
TUNED = dataclasses.replace(SHORT, tune=(("train.learning_rate", (0.003, 0.01, 0.03, 0.1, 0.3)),))
CHECKED = dataclasses.replace(SHORT, budget_check=(4, 16))


def test_a_duplicate_adds_no_runs_to_those_that_others_follow() -> None:
    sweep = (("model.family", ("plain", "resnet")), ("model.depth", (8,)))
    residual = Treatment("residual", "optimization", (("model.family", "resnet"),))
    for study in (TUNED, CHECKED):
        alone = dataclasses.replace(study, sweep=sweep)
        treated = dataclasses.replace(alone, treatments=(residual,))
        shares = [execute.following_share(*plan.prepare(one)) for one in (alone, treated)]
        assert shares[0] == pytest.approx(shares[1])


def processes(study: StudyConfig) -> int:
    return process_count.for_training(*plan.prepare(study))


@pytest.mark.parametrize("study", [TUNED, CHECKED], ids=["tuned", "checked"])
def test_trials_and_longer_trainings_are_worth_a_process(
    study: StudyConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "cores", lambda: 2)
    monkeypatch.setattr(jax, "device_count", lambda: 1)
    assert processes(SHORT) == 1
    assert processes(study) == 2
