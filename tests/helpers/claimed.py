"""Claims about planted runs, and the verdicts on them."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pandas as pd

from depthstudy.config import Hypothesis
from depthstudy.evidence.claims import verdicts

FAMILIES, DEPTHS = ("plain", "resnet"), (8, 20, 56)
SETTINGS = {
    f"{family}-{depth}": {
        "model.family": family,
        "model.depth": depth,
        "model.width": 16,
        "model.norm": None,
        "data.flip": False,
        "train.step_boundaries": (0.5, 0.75),
    }
    for family, depth in itertools.product(FAMILIES, DEPTHS)
}
MEANS = {"plain-8": 0.12, "plain-20": 0.10, "plain-56": 0.60}
MEANS |= {"resnet-8": 0.10, "resnet-20": 0.07, "resnet-56": 0.06}
PLAIN, RESNET = (("model.family", "plain"),), (("model.family", "resnet"),)
DEEP = (("model.depth", "greatest"),)


def table(errors, metric="test_error"):
    """A summary from ``{variant: errors[seeds]}``."""
    rows = [(v, s, e) for v, column in errors.items() for s, e in enumerate(column)]
    return pd.DataFrame(rows, columns=["variant", "seed", metric])


def noisy(seeds=5, noise=0.01, seed=0, means=MEANS):
    rng = np.random.default_rng(seed)
    return table({v: mean + rng.normal(0, noise, seeds) for v, mean in means.items()})


def claim(relation, where=(), against=(), along=None, margin=0.0, name="h", metric="test_error"):
    return Hypothesis(
        name=name,
        statement="",
        metric=metric,
        relation=relation,
        where=where,
        against=against,
        along=along,
        margin=margin,
    )


def judge_one(summary, hypothesis, settings=SETTINGS):
    (verdict,) = verdicts.judge(summary, settings, [hypothesis])
    return verdict


def column(summary, variant):
    return summary[summary.variant == variant].test_error.to_numpy()


def two_variants(effects):
    """A study of two variants whose difference per seed is ``effects``."""
    settings = {"a": {"model.depth": 56}, "b": {"model.depth": 20}}
    return table({"a": effects, "b": np.zeros(len(effects))}), settings


def judge_effects(effects, hypothesis):
    summary, settings = two_variants(effects)
    return judge_one(summary, hypothesis, settings)


A, B = (("model.depth", 56),), (("model.depth", 20),)


def compared(verdict, *, trend):
    """The effects of a verdict's pairs by their names; of a trend, of greatest and least only."""
    parts = json.loads(verdict.parts)
    if trend:
        parts = list({part["left"]: part for part in reversed(parts)}.values())
    return [p["effect"] for p in sorted(parts, key=lambda p: (p["left"], p["right"]))]
