"""How a study was run and what it says, as far as what to do next depends on it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pandas as pd

from depthstudy import records
from depthstudy.config import Hypothesis, StudyConfig
from depthstudy.study.conclusions.past import Past

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
    of_nets = zip(NAMES, (10.0, 20.0), (0.1, 0.3), strict=True)
    rows = [(name, seed, *of_net) for name, *of_net in of_nets for seed in range(3)]
    return Past(
        study=StudyConfig(**fields),
        command=command,
        workdir=Path("results/quickstart"),
        processes=2,
        summary=pd.DataFrame(rows, columns=["variant", "seed", "seconds", "train_error"]),
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


def findings(
    *verdicts: records.Verdict, answers: tuple[records.DepthAnswer, ...] = ()
) -> SimpleNamespace:
    chosen = SimpleNamespace(variant=NAMES[0])
    return SimpleNamespace(verdicts=verdicts, recommendation=chosen, deeper=answers)
