"""What a study proposes to do next."""

from __future__ import annotations

import ast
import math
import shlex
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from depthstudy import records
from depthstudy.config import Hypothesis, StudyConfig
from depthstudy.study.conclusions.next_step import Past, next_step

COMMAND = "depthstudy run quickstart --config.seeds=3"
NAMES = ("plain_depth8", "plain_depth56")
RISES = Hypothesis(
    name="rises",
    statement="It rises.",
    metric="test_error",
    relation="rises",
    where=(("model.family", "plain"),),
    along="model.depth",
)


def past(command: str = COMMAND, **fields: object) -> Past:
    rows = [(name, seed, 10.0 * (1 + (name == NAMES[1]))) for name in NAMES for seed in range(3)]
    return Past(
        study=StudyConfig(**fields),
        command=command,
        workdir=Path("results/quickstart"),
        processes=2,
        summary=pd.DataFrame(rows, columns=["variant", "seed", "seconds"]),
        settings={
            name: {"model.family": "plain", "model.depth": depth, "treatment": ""}
            for name, depth in zip(NAMES, (8, 56), strict=True)
        },
    )


def verdict(**fields: object) -> records.Verdict:
    plain = {
        "hypothesis": "rises", "verdict": "inconclusive", "effect": 0.02, "low": -0.01,
        "high": 0.05, "p": 0.2, "seeds": 3, "seeds_to_settle": None,
    }  # fmt: skip
    return records.Verdict(**plain | fields)


def headline(**fields: object) -> records.DepthAnswer:
    plain = {
        "group": "plain", "word": "no", "deepest": NAMES[1], "against": NAMES[0], "effect": 0.1,
        "low": 0.05, "high": 0.15, "seeds": 3,
    }  # fmt: skip
    return records.DepthAnswer(**plain | fields)


def found(*verdicts: records.Verdict, variant: str = NAMES[0]) -> SimpleNamespace:
    return SimpleNamespace(verdicts=verdicts, recommendation=SimpleNamespace(variant=variant))


def test_more_seeds_until_it_is_settled_with_error_that_is_spent() -> None:
    step = next_step(past(), found(verdict(seeds_to_settle=9, seeds_high=13)), headline(), [RISES])
    assert step.command == f"{COMMAND} --config.seeds_until_settled=13"
    assert step.reason == "Train more seeds, 13 at most, to settle what is open."
    assert step.seconds == pytest.approx(10 * (10 + 20) / 2)  # ten more of either in two processes


def test_a_flag_that_is_given_is_replaced() -> None:
    step = next_step(past(), found(verdict(seeds=1, low=math.nan)), None, [RISES])
    assert step.command == ("depthstudy run quickstart --config.seeds=3")
    assert step.reason == "Train 3 seeds: with fewer nothing is decided."


def test_images_where_seeds_would_not_settle_it() -> None:
    step = next_step(past(), found(verdict(images_to_settle=12_000)), headline(), [RISES])
    assert step.reason == ("More test images, not seeds: about 12,000 would settle what is open.")
    assert (step.command, step.seconds) == ("", None)


def test_what_had_not_finished_is_trained_longer_first() -> None:
    open_verdict = verdict(seeds_to_settle=9)
    step = next_step(past(), found(open_verdict), headline(bound="unfinished"), [RISES])
    assert step.command == f"{COMMAND} '--config.budget_check=(4,)'"
    assert step.seconds == pytest.approx(2 * 4 * (10 + 20) / 2)
    checked = next_step(
        past(budget_check=(4,)), found(open_verdict), headline(bound="unfinished"), [RISES]
    )
    assert "budget_check" not in checked.command


def test_a_greater_depth_where_the_greatest_is_best() -> None:
    step = next_step(past(), found(), headline(word="yes"), [RISES])
    assert step.reason == "The greatest depth is the best so far: add a greater one."
    swept = past(sweep=(("model.family", ("plain",)), ("model.depth", (8, 20, 56))))
    step = next_step(swept, found(), headline(word="yes"), [RISES])
    assert step.reason == "The greatest depth is the best so far: add depth 92."
    flag = shlex.split(step.command)[-1].removeprefix("--config.sweep=")
    assert ast.literal_eval(flag) == (
        ("model.family", ("plain",)), ("model.depth", (8, 20, 56, 92)),
    )  # fmt: skip
    assert step.seconds == pytest.approx(3 * 20 * 92 / 56 / 2)


@pytest.mark.parametrize("program", ["depthstudy", ".venv/bin/depthstudy", "python -m depthstudy"])
def test_else_the_recommended_net_is_looked_into(program: str) -> None:
    step = next_step(past(f"{program} run quickstart"), found(), headline(), [RISES])
    assert step.command == f"{program} analyze results/quickstart/runs/plain_depth8/seed0"
    assert next_step(past(""), found(), headline(), [RISES]).command == ""
