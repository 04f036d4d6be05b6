"""Made-up studies with the numbers that nets really give; evidence concludes from them."""

from __future__ import annotations

import math
import shlex
from pathlib import Path
from typing import Any

import numpy as np
from made_curves import curves, diverge
from scipy import stats

from depthstudy import config, probes, records, store, tasks
from depthstudy.evidence import means
from depthstudy.evidence.causes.attribution import attribute
from depthstudy.evidence.causes.decomposition import decompose
from depthstudy.evidence.costs import gains, pareto, pruning
from depthstudy.train import training_metrics

METRICS = {
    **training_metrics(tasks.Classification(10)),
    **{name: probe.metrics for name, probe in probes.PROBES.items()},
}
DEPTHS = (8, 20, 32, 56)
TRAIN = {"plain": (0.0, 0.0, 0.34, 0.72), "resnet": (0.0, 0.0, 0.0, 0.12)}
SPREAD = {"plain": (0.0, 0.0, 0.09, 0.10), "resnet": (0.0, 0.0, 0.0, 0.15)}
GAP = {"plain": (0.031, 0.044, 0.035, 0.01), "resnet": (0.028, 0.024, 0.026, 0.03)}

HYPOTHESES: list[dict[str, Any]] = [
    {
        "name": "degradation",
        "statement": "Train error of plain nets rises with depth.",
        "metric": "train_error",
        "relation": "rises",
        "where": [["model.residual", False]],
        "against": [],
        "along": "model.depth",
        "margin": 0.0,
    },
    {
        "name": "repair",
        "statement": "Train error of residual nets does not rise with depth.",
        "metric": "train_error",
        "relation": "does_not_rise",
        "where": [["model.residual", True]],
        "against": [],
        "along": "model.depth",
        "margin": 0.02,
    },
    {
        "name": "remedy",
        "statement": "At the greatest depth, residual connections lower test error.",
        "metric": "test_error",
        "relation": "less",
        "where": [["model.residual", True], ["model.depth", 56]],
        "against": [["model.residual", False], ["model.depth", 56]],
        "along": None,
        "margin": 0.0,
    },
]


def interval(values: np.ndarray) -> tuple[float, float, float]:
    mean = float(np.mean(values))
    if len(values) < 2:
        return mean, math.nan, math.nan
    half = stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / math.sqrt(len(values))
    return mean, mean - float(half), mean + float(half)


def variant(group: str, depth: int, name: str | None = None) -> records.VariantInfo:
    macs, images = 291_600 * depth + 11_840, 460 * 128
    return records.VariantInfo(
        name=name or f"{group}-{depth}",
        group=group,
        settings={"model.residual": group == "resnet", "model.depth": depth},
        depth=depth,
        parameters=4_730 * depth + 7_842,
        macs=macs,
        activations=1_024 * depth + 512,
        receptive_field=4 * depth - 5,
        image_shape=(8, 8, 1),
        steps=460,
        images_seen=images,
        training_macs=3 * macs * images,
    )


def final_errors(seeds: int) -> dict[str, np.ndarray]:
    """Returns ``[seeds, (train, test)]`` of each variant."""
    draw = np.random.default_rng(5)
    shape = np.array([-1.0, 0.15, 0.85, -0.4, 0.4])[:seeds]
    errors = {}
    for group, train_errors in TRAIN.items():
        for depth, mean, spread, gap in zip(
            DEPTHS, train_errors, SPREAD[group], GAP[group], strict=True
        ):
            train = np.clip(mean + spread * shape, 0, 0.9)
            test = np.clip(train + gap + draw.normal(0, 0.004, seeds), 0, 0.92)
            errors[f"{group}-{depth}"] = np.stack([train, test], axis=1)
    return errors


def judge(errors: dict[str, np.ndarray]) -> list[records.Verdict]:
    effects = {
        "degradation": ("supported", errors["plain-56"][:, 0] - errors["plain-8"][:, 0], 0.004),
        "repair": ("inconclusive", errors["resnet-56"][:, 0] - errors["resnet-8"][:, 0], 0.31),
        "remedy": ("supported", errors["resnet-56"][:, 1] - errors["plain-56"][:, 1], 0.0004),
    }
    rows = []
    for name, (word, values, p) in effects.items():
        effect, low, high = interval(values)
        rows.append(
            records.Verdict(
                hypothesis=name,
                verdict=word if len(values) > 1 else "inconclusive",
                effect=effect,
                low=low,
                high=high,
                p=p if len(values) > 1 else math.nan,
                seeds=len(values),
                seeds_to_settle=9 if word == "inconclusive" and len(values) > 1 else None,
            )
        )
    return rows


def save(
    workdir: Path,
    info: records.StudyInfo,
    rows: list[records.Record],
    summary: list[records.Summary],
    verdicts: list[records.Verdict] = (),
) -> Path:
    """Writes a study with all that evidence concludes from it, but for the verdicts given."""
    table = records.frame(records.Summary, summary)
    treatments = [config.Treatment(**row) for row in info.config.get("treatments", ())]
    pruned = {variant.name: prune_config(variant) for variant in info.variants}
    known = table[np.isfinite(table["test_error"].astype(float))]
    tables = {
        store.RECORDS: (records.Record, rows),
        store.SUMMARY: (records.Summary, summary),
        store.VERDICTS: (records.Verdict, verdicts),
        store.MEANS: (records.Mean, means.over_seeds(table, rows)),
        store.DECOMPOSITION: (
            records.Decomposition,
            decompose(known, info.variants, images=COUNTED),
        ),
        store.ATTRIBUTION: (
            records.Attribution,
            attribute(known, info.variants, treatments, images=COUNTED),
        ),
        store.PARETO: (records.ParetoPoint, pareto.points(known, info.variants)),
        store.PRUNING: (records.PrunedNet, pruning.compare(known, rows, info.variants, pruned)),
        store.GAINS: (records.Gain, gains.against_first(known, info.variants)),
    }
    for name, (kind, entries) in tables.items():
        store.write_table(workdir / name, records.frame(kind, entries))
    store.write_info(workdir, info)
    return workdir


COUNTED = {"train_error": 1000, "test_error": 1000, "gap": 1000}  # images


def prune_config(variant: records.VariantInfo) -> config.PruneConfig:
    """Returns what was pruned of a variant."""
    fields = {k[6:]: v for k, v in variant.settings.items() if k.startswith("prune.")}
    return config.PruneConfig(**fields)


def describe(
    variants: list[records.VariantInfo],
    seeds: int,
    *,
    name: str = "Depth on the digits",
    hypotheses: list[dict[str, Any]] | None = None,
) -> records.StudyInfo:
    config = {"name": name, "seeds": seeds, "data": {"name": "digits"}, "train": {"epochs": 20}}
    command = ["scripts/run.py", "--config=configs/depth.py", f"--config.name={name}"]
    return records.StudyInfo(
        name=name,
        command="python " + shlex.join(command),
        config=config | {"hypotheses": HYPOTHESES if hypotheses is None else hypotheses},
        seeds=seeds,
        variants=tuple(variants),
        versions={"depthstudy": "0.1.0", "flax": "0.12.8", "jax": "0.10.2", "python": "3.11.2"},
        hardware={"platform": "cpu", "devices": "1", "machine": "x86_64, 2 cores"},
        seconds={"compile": 41.2, "train": 372.9, "evaluate": 22.4, "total": 451.0},
        finished="2025-11-03T14:22:10+00:00",
        metrics=METRICS,
        probe_titles={name: probe.title for name, probe in probes.PROBES.items()},
    )


def summarize(info: records.VariantInfo, seed: int, train: float, test: float) -> records.Summary:
    return records.Summary(
        variant=info.name,
        seed=seed,
        train_error=train,
        test_error=test,
        gap=test - train,
        parameters=info.parameters,
        macs=info.macs,
        seconds=3.0 + 0.55 * info.depth + 0.1 * seed,
    )


def fake_study(
    workdir: Path,
    *,
    seeds: int = 3,
    name: str = "Depth on the digits",
    hypotheses: list[dict[str, Any]] | None = None,
) -> Path:
    """Writes plain and residual nets of four depths; ``plain-56`` diverges on seed 1."""
    variants = [variant(group, depth) for group in TRAIN for depth in DEPTHS]
    errors = final_errors(seeds)
    rows: list[records.Record] = []
    summary = []
    for info in variants:
        for seed, (train, test) in enumerate(errors[info.name]):
            rows += curves(name, info.name, seed, float(train), float(test))
            summary.append(summarize(info, seed, float(train), float(test)))
    if seeds > 1:
        rows = diverge(rows, name, "plain-56", seed=1, step=130)
    verdicts = judge(errors) if hypotheses is None else []
    described = describe(variants, seeds, name=name, hypotheses=hypotheses)
    return save(workdir, described, rows, summary, verdicts)
