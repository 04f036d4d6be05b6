"""Planted studies: variants and runs whose truth is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from depthstudy import records
from depthstudy.config import PruneConfig
from depthstudy.evidence.material import Material

Means = Mapping[str, Sequence[tuple[float, float]]]  # of a treatment: train and test, by depth


def variant(name: str, depth: int, **fields: object) -> records.VariantInfo:
    plain = {
        "group": "plain",
        "settings": {"model.depth": depth},
        "parameters": 1_000 * depth,
        "macs": 10_000 * depth,
        "activations": 1,
        "receptive_field": 4 * depth,
        "image_shape": (8, 8, 1),
        "steps": 100,
    }
    return records.VariantInfo(name=name, depth=depth, **(plain | fields))


def variants(depths: Sequence[int], treatments: Sequence[str]) -> list[records.VariantInfo]:
    """Returns untreated variants ``d8``, and treated ones ``d8+residual``."""
    untreated = [variant(f"d{depth}", depth) for depth in depths]
    return untreated + [
        variant(
            f"{info.name}+{treatment}",
            info.depth,
            group=f"plain + {treatment}",
            treatment=treatment,
            untreated=info.name,
        )
        for treatment in treatments
        for info in untreated
    ]


def summary(errors: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Returns the table of ``errors[variant][seeds, (train, test)]``."""
    return records.frame(
        records.Summary,
        [
            records.Summary(
                variant=name,
                seed=seed,
                train_error=float(train),
                test_error=float(test),
                gap=float(test - train),
                parameters=1,
                macs=1,
                seconds=10.0 + seed,
            )
            for name, runs in errors.items()
            for seed, (train, test) in enumerate(runs)
        ],
    )


def study(
    means: Means, depths: Sequence[int], *, seeds: int, spread: float, draw: np.random.Generator
) -> tuple[pd.DataFrame, list[records.VariantInfo]]:
    """Returns runs that scatter about ``means[treatment][depth]``; ``""`` are the untreated."""
    infos = variants(depths, [name for name in means if name])
    errors = {}
    for info in infos:
        train, test = means[info.treatment][list(depths).index(info.depth)]
        noise = draw.normal(0, spread, (seeds, 2))
        errors[info.name] = np.array([train, test]) + noise * [0.5, 1.0]
    return summary(errors), infos


def material(
    table: pd.DataFrame,
    infos: Sequence[records.VariantInfo],
    budgets: Mapping[str, float] | None = None,
) -> Material:
    """Returns what there is to judge a study by of which only errors are known."""
    return Material(
        summary=table,
        trained=(),
        probed=(),
        variants=infos,
        settings={info.name: {**info.settings, "treatment": info.treatment} for info in infos},
        pruned={info.name: PruneConfig() for info in infos},
        predictions={},
        images={},
        budgets=budgets or {},
        chance={info.name: 0.9 for info in infos},
    )
