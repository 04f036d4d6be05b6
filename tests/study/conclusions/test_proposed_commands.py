"""Commands that a study proposes: they do what is said of them, in about the time that is said."""

from __future__ import annotations

import dataclasses
import shlex

import pandas as pd
import pytest
from made_past import COMMAND, NAMES, RISES, findings, headline, past, verdict

from depthstudy.study.conclusions.next_step import next_step
from depthstudy.study.conclusions.past import Past

OPEN = headline(word="not known yet", seeds_needed=12)
SWEEP = (("model.family", ("plain",)), ("model.depth", (8, 20, 56)))


def with_longer(study: Past) -> Past:
    """Returns a study of which the deepest net was trained longer, too."""
    name = f"{NAMES[1]}+longer16"
    rows = study.summary[study.summary["variant"] == NAMES[1]].assign(variant=name, seconds=320.0)
    settings = {**study.settings, name: {**study.settings[NAMES[1]], "treatment": "longer16"}}
    return dataclasses.replace(
        study, summary=pd.concat([study.summary, rows[:2]]), settings=settings
    )


def test_more_seeds_are_more_than_those_of_the_looks_that_were_asked_for() -> None:
    """``seeds=12`` alone would be refused, as there are to be five until all is settled."""
    decided = findings(verdict(verdict="supported"))
    step = next_step(past(seeds_until_settled=5), decided, OPEN, [RISES])
    assert step.command == f"{COMMAND[:-2]}=12 --config.seeds_until_settled=13"


def test_no_time_budget_leaves_out_what_is_proposed() -> None:
    command = "depthstudy run quickstart --config.seeds=9 --config.time_budget=30m"
    study = past(command, time_budget="30m", sweep=SWEEP, seeds=3)
    step = next_step(study, findings(verdict(seeds_to_settle=9)), headline(), [RISES])
    assert shlex.split(step.command) == [
        "depthstudy", "run", "quickstart", "--config.time_budget=None", "--config.seeds=3",
        f"--config.sweep={SWEEP!r}", "--config.seeds_until_settled=9",
    ]  # fmt: skip
    step = next_step(study, findings(), OPEN, [])
    assert "--config.seeds=12" in shlex.split(step.command)
    assert "--config.seeds=3" not in shlex.split(step.command)


def test_a_notebook_has_no_flags() -> None:
    study = past("depthstudy.study(..., workdir='results/notebook')")
    step = next_step(study, findings(verdict(seeds_to_settle=9)), headline(), [RISES])
    assert step.reason == "Train more seeds, 9 at most, to settle what is open."
    assert step.command == ""


def test_no_budget_check_is_proposed_that_would_train_nothing() -> None:
    unfinished = headline(bound="unfinished")
    alike = dataclasses.replace(past(), summary=past().summary.assign(train_error=0.1))
    step = next_step(alike, findings(), unfinished, [RISES])
    assert step.reason == (
        "What had not finished fits no worse than a shallower net: only a study of more steps"
        " (config.train.epochs or steps, in another --workdir) tells what it comes to."
    )
    assert step.command == ""


def test_more_seeds_take_no_time_of_longer_trainings() -> None:
    step = next_step(with_longer(past()), findings(), OPEN, [])
    assert step.command == f"{COMMAND[:-2]}=12"
    assert step.seconds == pytest.approx(9 * (10 + 20) / 2)


def test_a_greater_depth_takes_the_time_of_its_tuning() -> None:
    rates = (("train.learning_rate", (0.01, 0.03, 0.1)),)
    study = with_longer(past(sweep=SWEEP, tune=rates, tune_seeds=2))
    step = next_step(study, findings(), headline(word="yes"), [RISES])
    assert step.seconds == pytest.approx((3 + 3 * 2) * 20 * 92 / 56 / 2)
    wider = dataclasses.replace(study, extra_trials=2)
    step = next_step(wider, findings(), headline(word="yes"), [RISES])
    assert step.seconds == pytest.approx((3 + 5 * 2) * 20 * 92 / 56 / 2)


def test_no_fewer_seeds_are_proposed_than_there_are() -> None:
    """Of five runs two or three have a time, as the others diverged."""
    timed = dataclasses.replace(RISES, metric="seconds")
    for fields in ({"seeds": 2}, {"seeds": 3, "seeds_to_settle": 4}):
        step = next_step(past(seeds=5), findings(verdict(**fields)), headline(), [timed])
        assert step.reason.startswith("What is open is not known to be settled by more seeds")
        assert step.command == ""
