"""A made-up analysis: a residual net of three stages, or a plain one."""

import dataclasses
from pathlib import Path

from depthstudy import probes, records, store
from depthstudy.report.tables import MeasuredNet

PROBES = {
    "generalization": "errors",
    "memorization": "wrong labels",
    "gradients": "norms",
    "shattering": "noise",
    "isometry": "singular values",
    "sharpness": "eigenvalues",
    "cka": "likeness",
    "deletion": "blocks out",
    "deletion_reestimated": "blocks out, statistics anew",
    "linear": "classes",
    "rank": "directions",
    "field": "view",
}
STEP = 460
METRICS = {name: probe.metrics for name, probe in probes.PROBES.items()}


def described(variant="resnet", blocks=3, **changes):
    run = records.AnalysisRun(
        folder=f"results/made/runs/{variant}/seed0",
        study="made",
        variant=variant,
        seed=0,
        step=STEP,
        family=variant.partition("_")[0],
        depth=6 * blocks + 2,
        image_shape=(32, 32, 3),
    )
    return dataclasses.replace(run, **changes)


def rows_of(run, blocks=3, *, residual=True, probes=tuple(PROBES), wobble=0.0):
    """Returns records of a net of three stages of some blocks of two convolutions."""
    paths = [f"stage{s}/block{b:02d}" for s in (1, 2, 3) for b in range(1, blocks + 1)]
    inner = [f"{path}/conv{i}" for path in paths for i in (1, 2)]
    convolutions = ["stem/conv", *inner]
    count = len(paths)
    rows = []

    def add(probe, metric, values):
        values = values if isinstance(values, dict) else {"": values}
        if probe.split(" ")[0] in probes:
            for layer, value in values.items():
                rows.append(
                    records.Record(
                        study=run.study,
                        variant=run.variant,
                        seed=run.seed,
                        step=run.step,
                        probe=probe,
                        layer=layer,
                        metric=metric,
                        value=value,
                    )
                )

    train, test = (0.61, 0.632) if not residual else (0.0, 0.021)
    add("generalization", "train_error", train)
    add("generalization", "test_error", test)
    add("generalization", "gap", test - train)
    add("memorization", "not_applicable: no train label is wrong; set data.label_noise", 1.0)
    weights = [*convolutions, "head/dense"]
    for suffix, slope in (("_initial", 0.1 if residual else -2.4771), ("", 0.3)):
        shares = {layer: 1 - i / (len(weights) - 1) for i, layer in enumerate(weights)}
        norms = {layer: 0.01 * 10 ** (slope * share) for layer, share in shares.items()}
        add("gradients", f"gradient_norm{suffix}", norms)
        add("gradients", f"gradient_norm_slope{suffix}", slope)
        add(
            "gradients",
            f"output_gradient_norm{suffix}",
            {path: norms[f"{path}/conv1"] for path in paths},
        )
        add("gradients", f"output_gradient_norm_slope{suffix}", 2 * slope)
        add("isometry", f"isometry_distance{suffix}", 0.25 + wobble)
        add("shattering", f"gradient_correlation{suffix}", 0.744)
    add("sharpness", "hessian_eigenvalue_1", 12345.678)
    near = {
        f"{a} ~ {b}": max(0.0, 1 - 0.03 * (j - i) - 0.2 * (a[:6] != b[:6]))
        for i, a in enumerate(paths)
        for j, b in enumerate(paths)
        if i < j
    }
    add("cka", "cka", near)
    add("cka", "far_cka", 0.512)
    if residual:
        for probe, factor in (("deletion", 1.0), ("deletion_reestimated", 0.1)):
            fixed = [f"stage{s}/block01" for s in (2, 3)]
            add(
                probe, "not_applicable: its shortcut is not the identity", dict.fromkeys(fixed, 1.0)
            )
            add(probe, "error", test)
            free = [path for path in paths if path not in fixed]
            costs = {path: factor * 0.2 / 4**i for i, path in enumerate(free)}
            add(probe, "error_increase", costs)
            add(probe, "error_increase_deleting_2", factor * 0.3)
            add(probe, "error_increase_deleting_4", factor * 0.5)
            add(probe, "error_increase_swapping_1", factor * 0.1)
    else:
        reason = "no block has an identity shortcut, so none can be taken out"
        add("deletion", f"not_applicable: {reason}", 1.0)
        add("deletion_reestimated", f"not_applicable: {reason}", 1.0)
    rising = {path: 1 - 0.5**i for i, path in enumerate(paths, start=1)}
    add("linear", "probe_accuracy", rising)
    add("rank", "saturation", {path: 1 - 0.05 * i * 9 / count for i, path in enumerate(paths)})
    add("rank", "effective_rank", {path: 14.5 + 3 * i for i, path in enumerate(paths)})
    add("rank", "dead_share", {path: 0.06 * (i == 1) for i, path in enumerate(paths)})
    add("field", "receptive_field", {path: 3.0 + 4 * i for i, path in enumerate(convolutions)})
    add("field", "receptive_field", 3.0 + 4 * len(convolutions[:-1]))
    past = convolutions[9:]
    add("field", "border_layer", dict.fromkeys(past[:1], 10.0))
    add("field", "convolutions", float(len(convolutions)))
    add("field", "convolutions_past_border", float(len(past)))
    add("field", "share_past_border", len(past) / len(convolutions))
    return rows


def crossed(run, other, blocks=3):
    paths = [f"stage{s}/block{b:02d}" for s in (1, 2, 3) for b in range(1, blocks + 1)]
    return [
        records.Record(
            study=run.study,
            variant=run.variant,
            seed=run.seed,
            step=run.step,
            probe=f"cka with {other.variant} seed {other.seed}",
            layer=f"{a} ~ {b}",
            metric="cross_cka",
            value=0.9 if a == b else 0.4,
        )
        for a in paths
        for b in paths
    ]


def save(folder, runs, rows, names=tuple(PROBES), command="python scripts/analyze.py --run=x"):
    info = records.AnalysisInfo(
        command=command,
        runs=tuple(runs),
        probes={name: PROBES[name] for name in names},
        seconds=dict.fromkeys(names, 1.5),
        versions={"jax": "0.10.2"},
        hardware={"platform": "cpu", "devices": "1 x cpu"},
        metrics=METRICS
        | {f"cka with {r.variant} seed {r.seed}": probes.CROSS_METRICS for r in runs},
        probe_titles={name: probe.title for name, probe in probes.PROBES.items()},
    )
    store.write_table(folder / store.ANALYSIS, records.frame(records.Record, rows))
    store.write_analysis_info(folder, info)
    return folder


def made(**metrics):
    """Returns a run with given whole-net values and values by layer, as ``probe__metric``."""
    rows = []
    run = described()
    for name, values in metrics.items():
        probe, _, metric = name.partition("__")
        for layer, value in (values if isinstance(values, dict) else {"": values}).items():
            mark = {"study": run.study, "variant": run.variant, "seed": 0, "step": STEP}
            rows.append(
                records.Record(**mark, probe=probe, layer=layer, metric=metric, value=value)
            )
    return MeasuredNet(run, "resnet", "var(--g0)", records.frame(records.Record, rows), METRICS)


def save_one(folder: Path, variant="resnet", blocks=3):
    run = described(variant, blocks)
    rows = rows_of(run, blocks, residual=variant.startswith("resnet"))
    return save(folder, [run], rows)


def save_two(folder: Path, blocks=3):
    run, other = described("resnet", blocks), described("plain", blocks)
    rows = [
        *rows_of(run, blocks),
        *rows_of(other, blocks, residual=False),
        *crossed(run, other, blocks),
    ]
    return save(folder, [run, other], rows)
