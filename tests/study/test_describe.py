"""What a study says in the terminal."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import planted

from depthstudy import records, study
from depthstudy.config import StudyConfig, Treatment
from depthstudy.study.attribution import attribute
from depthstudy.study.describe import measuring
from depthstudy.study.recommendation import recommend


def test_causes_and_the_recommendation_are_a_line_each() -> None:
    lost, won = ((0.0, 0.01), (0.63, 0.65)), ((0.0, 0.01), (0.0, 0.02))
    table, infos = planted.study(
        {"": lost, "residual": won, "decay": lost},
        (8, 56),
        seeds=3,
        spread=0.001,
        draw=np.random.default_rng(0),
    )
    treatments = [Treatment("residual", "optimisation", ()), Treatment("decay", "overfitting", ())]
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
    causes = tuple(attribute(table, infos, treatments))
    result = study.Result(Path(), info, table, (), causes, recommend(table, infos))
    cause, take, _, seconds = study.conclusion(result).splitlines()
    assert cause.startswith(
        "       cause  d56: optimisation; residual wins back 62.8 of 64.0 points"
    )
    assert "3 seeds)" in cause
    assert take == (
        "        take  d8+residual: depth 8, test error 1.0%, 80,000 MACs, 11.0 s a run"
    )
    assert seconds == "total 3 s"


def test_a_plan_says_what_is_measured() -> None:
    asked = StudyConfig(seeds=3, probes=("gradients", "field"), probe_seeds=2)
    text = measuring(asked, 4)
    assert text.startswith("then gradients, field are measured on 8 runs")
    assert measuring(StudyConfig(), 4) == ""
