"""Pages without what takes long, and a made-up study with the numbers that nets really give."""

from __future__ import annotations

import dataclasses
import math
import shlex
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from depthstudy import config, records, store


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves out the chart library and pixels, where a test needs neither."""
    import vl_convert

    from depthstudy.report import shell

    monkeypatch.setattr(shell, "bundle", lambda: "/* library */")
    monkeypatch.setattr(vl_convert, "vegalite_to_png", lambda spec, scale: b"")


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
    return records.VariantInfo(
        name=name or f"{group}-{depth}",
        group=group,
        settings={"model.residual": group == "resnet", "model.depth": depth},
        depth=depth,
        parameters=4_730 * depth + 7_842,
        macs=291_600 * depth + 11_840,
        activations=1_024 * depth + 512,
        receptive_field=4 * depth - 5,
        image_shape=(8, 8, 1),
        steps=460,
    )


def final_errors(seeds: int) -> dict[str, np.ndarray]:
    """Returns ``[seeds, (train, test)]`` of each variant."""
    draw = np.random.default_rng(5)
    shape = np.array([-1.0, 0.15, 0.85, -0.4, 0.4])[:seeds]
    errors = {}
    for group, means in TRAIN.items():
        for depth, mean, spread, gap in zip(DEPTHS, means, SPREAD[group], GAP[group], strict=True):
            train = np.clip(mean + spread * shape, 0, 0.9)
            test = np.clip(train + gap + draw.normal(0, 0.004, seeds), 0, 0.92)
            errors[f"{group}-{depth}"] = np.stack([train, test], axis=1)
    return errors


def curves(study: str, name: str, seed: int, train: float, test: float) -> list[records.Record]:
    draw = np.random.default_rng(hash_of(name) + seed)
    base = {"study": study, "variant": name, "seed": seed, "layer": ""}
    floor = max(0.002, 2.3 * train)
    rate = 60 + 400 * train
    rows = []
    for step in range(10, 461, 10):
        loss = floor + (2.35 - floor) * math.exp(-step / rate)
        loss *= math.exp(draw.normal(0, 0.12))
        rows.append(records.Record(**base, step=step, probe="training", metric="loss", value=loss))
    for step in range(46, 461, 46):
        left = 0.0 if step == 460 else math.exp(-3.5 * step / 460)
        pairs = {"train_error": train, "test_error": test}
        for metric, end in pairs.items():
            value = end + (0.9 - end) * left
            rows.append(
                records.Record(**base, step=step, probe="evaluation", metric=metric, value=value)
            )
    return rows


def hash_of(name: str) -> int:
    return sum(map(ord, name))


def decompose(errors: dict[str, np.ndarray]) -> list[records.Decomposition]:
    return split(errors, {f"{group}-{depth}": group for group in TRAIN for depth in DEPTHS})


def split(errors: dict[str, np.ndarray], groups: dict[str, str]) -> list[records.Decomposition]:
    """Splits the excess of nets that stand in the order of their depth."""
    rows = []
    for group in dict.fromkeys(groups.values()):
        mine = [name for name in groups if groups[name] == group]
        best = min(mine, key=lambda name: errors[name][:, 1].mean())
        for name in mine[mine.index(best) + 1 :]:
            excess = errors[name] - errors[best]
            parts = {
                "total": excess[:, 1],
                "optimization": excess[:, 0],
                "generalization": excess[:, 1] - excess[:, 0],
            }
            for part, values in parts.items():
                effect, low, high = interval(values)
                rows.append(
                    records.Decomposition(
                        group=group,
                        variant=name,
                        best=best,
                        part=part,
                        effect=effect,
                        low=low,
                        high=high,
                        seeds=len(values),
                    )
                )
    return rows


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
    parts: list[records.Decomposition] = (),
    verdicts: list[records.Verdict] = (),
) -> Path:
    store.write_info(workdir, info)
    store.write_table(workdir / store.RECORDS, records.frame(records.Record, rows))
    store.write_table(workdir / store.SUMMARY, records.frame(records.Summary, summary))
    store.write_table(workdir / store.DECOMPOSITION, records.frame(records.Decomposition, parts))
    store.write_table(workdir / store.VERDICTS, records.frame(records.Verdict, verdicts))
    return workdir


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
    info = describe(variants, seeds, name=name, hypotheses=hypotheses)
    return save(workdir, info, rows, summary, decompose(errors), verdicts)


def diverge(
    rows: list[records.Record], study: str, name: str, *, seed: int, step: int
) -> list[records.Record]:
    """Ends the loss of a run at a step, and says so in a record."""
    kept = [
        row
        for row in rows
        if (row.variant, row.seed, row.probe) != (name, seed, "training") or row.step < step
    ]
    mark = {"study": study, "variant": name, "seed": seed, "step": step, "layer": ""}
    metric = {"probe": "run", "metric": "diverged_at_step", "value": step}
    return [*kept, records.Record(**mark, **metric)]


@pytest.fixture(scope="session")
def made() -> SimpleNamespace:
    """What stands in this module, for tests that make a study of their own."""
    return SimpleNamespace(**globals())


@pytest.fixture(scope="session")
def workdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study above with its report written."""
    from depthstudy import report

    path = fake_study(tmp_path_factory.mktemp("study"))
    report.write(path)
    return path


@pytest.fixture(scope="session")
def html(workdir: Path) -> str:
    """The text of the page."""
    return (workdir / store.REPORT).read_text(encoding="utf-8")


def wide_study(workdir: Path, *, count: int = 60, seeds: int = 2, suffix: str = "") -> Path:
    """Writes ``count`` variants of one depth, each a group of its own."""
    names = [f"norm=none, width={8 + i}{suffix}" for i in range(count)]
    variants = [variant(name, 20, name) for name in names]
    rows: list[records.Record] = []
    summary = []
    for index, info in enumerate(variants):
        for seed in range(seeds):
            train = 0.01 + 0.006 * ((index * 37) % 60) + 0.002 * seed
            rows += curves("wide", info.name, seed, train, train + 0.05)
            summary.append(summarize(info, seed, train, train + 0.05))
    return save(workdir, describe(variants, seeds, name="wide", hypotheses=[]), rows, summary)


TREATMENTS = [
    {"name": "residual", "mechanism": "optimization", "settings": [["model.family", "resnet"]]},
    {"name": "augmentation", "mechanism": "overfitting", "settings": [["data.shift", 1]]},
    {
        "name": "larger_images",
        "mechanism": "receptive_field",
        "settings": [["data.image_size", "double"]],
    },
]
TREATED = {  # means of train and test error at depth 8, 20 and 56
    "": ((0.0, 0.008), (0.012, 0.031), (0.651, 0.646)),
    "residual": ((0.0, 0.011), (0.0, 0.007), (0.0, 0.009)),
    "augmentation": ((0.004, 0.007), (0.02, 0.024), (0.69, 0.688)),
    "larger_images": ((0.0, 0.007), (0.0, 0.009), (0.41, 0.42)),
}


def treated_study(workdir: Path, *, seeds: int = 3, healthy: bool = False) -> Path:
    """Writes plain nets of three depths with three treatments; ``healthy`` ones lose nothing."""
    from depthstudy.evidence import attribution, recommendation

    draw = np.random.default_rng(7)
    infos, rows, summary, errors = [], [], [], {}
    for treatment, means in TREATED.items():
        group = f"plain + {treatment}" if treatment else "plain"
        for depth, (train, test) in zip((8, 20, 56), means, strict=True):
            if healthy:
                train, test = 0.0, 0.01
            name = f"plain_depth{depth}"
            info = dataclasses.replace(
                variant(group, depth, f"{name}+{treatment}" if treatment else name),
                treatment=treatment,
                untreated=name if treatment else "",
            )
            noise = draw.normal(0, 0.03 if test > 0.3 else 0.0005, seeds)
            found = np.clip(np.stack([train + noise, test + noise], axis=1), 0, 0.9)
            infos.append(info)
            errors[info.name] = found
            for seed, (one, other) in enumerate(found):
                rows += curves("treated", info.name, seed, float(one), float(other))
                summary.append(summarize(info, seed, float(one), float(other)))
    table = records.frame(records.Summary, summary)
    described = describe(infos, seeds, name="Why plain nets degrade", hypotheses=[])
    described.config["treatments"] = TREATMENTS
    parts = split(errors, {info.name: info.group for info in infos})
    save(workdir, described, rows, summary, parts)
    treatments = [config.Treatment(**row) for row in TREATMENTS]
    causes = attribution.attribute(table, infos, treatments)
    store.write_table(workdir / store.ATTRIBUTION, records.frame(records.Attribution, causes))
    store.write_recommendation(workdir, recommendation.recommend(table, infos))
    return workdir
