"""Made-up studies of treated, of pruned and of otherwise changed nets."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
from made_curves import curves
from made_study import describe, save, summarize, variant

from depthstudy import records, store
from depthstudy.evidence.choice import recommendation

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
    draw = np.random.default_rng(7)
    infos, rows, summary = [], [], []
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
            errors = np.clip(np.stack([train + noise, test + noise], axis=1), 0, 0.9)
            infos.append(info)
            for seed, (one, other) in enumerate(errors):
                rows += curves("treated", info.name, seed, float(one), float(other))
                summary.append(summarize(info, seed, float(one), float(other)))
    described = describe(infos, seeds, name="Why plain nets degrade", hypotheses=[])
    described.config["treatments"] = TREATMENTS
    save(workdir, described, rows, summary)
    table = records.frame(records.Summary, summary)
    store.write_recommendation(workdir, recommendation.recommend(table, infos))
    return workdir


TUNED = {"fine_tune_epochs": 4}
DENSE = {"weights": 0.0, "channels": 0.0, "blocks": 0.0, "score": "magnitude",
         "control": "none", "fine_tune_epochs": 0}  # fmt: skip
NETS = {  # what differs from the dense net; added error, share of MACs, of the time of a step
    "": ({}, 0.0, 1.0, 1.0),
    "_weights0.5": ({"weights": 0.5}, 0.0001, 1.0, 1.02),
    "_weights0.9": ({"weights": 0.9}, 0.004, 1.0, 1.05),
    "_weights0.95": ({"weights": 0.95}, 0.03, 1.0, 1.01),
    "_weights0.5_random": ({"weights": 0.5, "score": "random"}, 0.02, 1.0, 1.03),
    "_channels0.5": ({"channels": 0.5}, 0.008, 0.25, 0.4),
    "_channels0.5_scratch": ({"channels": 0.5, "control": "scratch_epochs"}, 0.003, 0.25, 0.45),
    "_blocks0.5": ({"blocks": 0.5}, 0.001, 0.55, 0.6),
}
LAYERS = {"stage1/block01/conv1": 0.3, "stage1/block01/conv2": 0.12, "stage3/block02/conv1": 0.01}


def pruned_study(workdir, *, seeds=3):
    """Writes two dense nets and what was pruned of them; errors are 1% and what is planted."""
    infos, rows, summary = [], [], []
    for depth in (20, 44):
        for name, (prune_settings, added, macs, time) in NETS.items():
            base = variant(f"resnet{name}", depth, f"depth{depth}{name}")
            settings = DENSE | prune_settings | (TUNED if prune_settings else {})
            info = dataclasses.replace(
                base,
                settings={"model.depth": depth} | {f"prune.{k}": v for k, v in settings.items()},
                macs=round(base.macs * macs),
                parameters=round(base.parameters * macs),
                dense=f"depth{depth}" if prune_settings else "",
            )
            infos.append(info)
            for seed in range(seeds):
                error = 0.01 + 0.001 * seed + added * (1 + 0.05 * seed)
                summary.append(summarize(info, seed, error / 2, error))
                rows += curves("pruning", info.name, seed, error / 2, error)
                mark = {"study": "pruning", "variant": info.name, "seed": seed}
                clock = {"probe": "run", "metric": "train_seconds"}
                for step in (50, 100):
                    seconds = 0.01 * depth * time * step
                    rows.append(records.Record(**mark, **clock, step=step, value=seconds))
            for layer, left in LAYERS.items() if "weights" in prune_settings else ():
                rows.append(records.Record(study="pruning", variant=info.name, seed=0, step=100,
                            probe="density", layer=layer, metric="density",
                            value=left * (1 - prune_settings["weights"]) / 0.05))  # fmt: skip
    return save(workdir, describe(infos, seeds, hypotheses=[]), rows, summary)


RESCUES = {"plain": (0.5, 1.0), "residual": (0.02, 1.0), "repvgg": (0.3, 2.0), "silu": (0.49, 1.0)}


def rescued_study(workdir: Path) -> Path:
    """Nets of one depth: error, which differs by one point a seed, and cost against the first."""
    infos, summary = [], []
    for name, (error, cost) in RESCUES.items():
        base = variant(name, 56, name)
        infos.append(dataclasses.replace(base, macs=round(base.macs * cost)))
        for seed in range(3):
            noise = 0.01 * seed * (1 if name != "silu" else -1)
            row = summarize(infos[-1], seed, error, error + noise)
            summary.append(dataclasses.replace(row, seconds=30.0 * cost))
    return save(workdir, describe(infos, 3, hypotheses=[]), [], summary)


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
