"""Reads the runs of a study: how each ended, what was measured, and which images it errs on."""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from depthstudy import nets, records, tasks
from depthstudy.arch import Cost, spec_from_json
from depthstudy.config import StudyConfig
from depthstudy.evidence.choice import improvement
from depthstudy.evidence.findings import Material
from depthstudy.execute import measurement
from depthstudy.plan import Variant, pools, settings_of
from depthstudy.store import Outcome, RunStore


class _Run(NamedTuple):
    """A run that is done, with its cost and what training measured of it."""

    variant: Variant
    seed: int
    store: RunStore
    outcome: Outcome
    cost: Cost
    measured: list[records.Record]


def collect(study: StudyConfig, variants: Sequence[Variant], workdir: Path) -> Material:
    """Returns what there is to judge a study by, its runs being done.

    Args:
      study: The config of the study.
      variants: Its variants.
      workdir: Its folder.
    """
    runs = [
        _read(workdir, variant, seed)
        for variant in variants
        for seed in range(variant.seeds or study.seeds)
    ]
    by_name = {
        variant.name: [run for run in runs if run.variant is variant] for variant in variants
    }
    probes = [measurement.read(study, variant, workdir) for variant in variants]
    first = variants[0]
    return Material(
        summary=records.frame(records.Summary, [_summary(workdir, run) for run in runs]),
        trained=[
            dataclasses.replace(row, study=study.name, variant=run.variant.name)
            for run in runs
            for row in run.measured
        ],
        probed=[row for of_variant in probes for row in of_variant],
        variants=tuple(_costed(v, [run.cost for run in by_name[v.name]]) for v in variants),
        settings=pools.with_pools(settings_of(variants), study.pools),
        pruned={variant.name: variant.config.prune for variant in variants},
        predictions=_predictions(by_name),
        images=_image_counts(first),
        budgets=_budgets(variants),
        chance=tasks.of(first.dataset).chance_error,
        pools=study.pools,
        partial=frozenset(v.name for v in variants if pools.is_partial(study, v)),
    )


def outcomes(study: StudyConfig, variants: Sequence[Variant], workdir: Path) -> list[Outcome]:
    """Returns the outcome of each run of its own, those that two variants share once."""
    return [
        _outcome(RunStore.of(workdir, variant.name, seed))
        for variant in variants
        if not variant.info.same_as
        for seed in range(variant.seeds or study.seeds)
    ]


def _read(workdir: Path, variant: Variant, seed: int) -> _Run:
    run = RunStore.of(workdir, variant.runs, seed)
    info = run.read_info()
    assert info is not None, run.folder
    cost = nets.cost(spec_from_json(info.arch), info.image_shape)
    return _Run(variant, seed, run, _outcome(run), cost, run.read_records())


def _outcome(run: RunStore) -> Outcome:
    outcome = run.read_outcome()
    assert outcome is not None, run.folder
    return outcome


def _costed(variant: Variant, costs: Sequence[Cost]) -> records.VariantInfo:
    """Returns what a variant is, at the mean cost of its runs, which pruning may set apart."""
    rows = [dataclasses.asdict(cost) for cost in costs]
    means: dict[str, Any] = {
        field: None if value is None else round(statistics.fmean(row[field] for row in rows))
        for field, value in rows[0].items()
    }
    return dataclasses.replace(variant.info, **means)


def _summary(workdir: Path, run: _Run) -> records.Summary:
    variant, outcome = run.variant, run.outcome
    seconds = outcome.train_seconds + outcome.eval_seconds
    if variant.info.dense and variant.config.prune.control == "none":
        before = _outcome(RunStore.of(workdir, variant.info.dense, run.seed))
        seconds += before.train_seconds + before.eval_seconds
    assert outcome.test_error is not None, run.store.folder
    return records.Summary(
        variant=variant.name,
        seed=run.seed,
        train_error=outcome.train_error,
        validation_error=math.nan if outcome.validation_error is None else outcome.validation_error,
        test_error=outcome.test_error,
        gap=outcome.test_error - outcome.train_error,
        unfinished=_unfinished(run),
        parameters=run.cost.parameters,
        macs=run.cost.macs,
        seconds=seconds,
    )


def _unfinished(run: _Run) -> bool:
    losses = [r.value for r in run.measured if (r.probe, r.metric) == ("training", "loss")]
    judged = improvement.improvement(losses, run.outcome.train_error)
    return judged is not None and judged.unfinished


def _predictions(runs: Mapping[str, Sequence[_Run]]) -> dict[str, NDArray[np.bool_]]:
    """Returns by variant whether each run errs on each test image, ``[runs, images]``.

    Variants with a run of which only its error is known are left out.
    """
    rows = {name: [_wrong(run) for run in of_variant] for name, of_variant in runs.items()}
    return {
        name: np.stack([row for row in of_variant if row is not None])
        for name, of_variant in rows.items()
        if all(row is not None for row in of_variant)
    }


def _wrong(run: _Run) -> NDArray[np.bool_] | None:
    """Returns the images that a run errs on; one that diverged guesses as many as chance says."""
    errors = run.store.read_errors().get("test")
    if errors is not None:
        return errors > 0
    if run.outcome.diverged_at is None or run.outcome.test_error is None:
        return None
    images = len(run.variant.dataset.test)
    return np.arange(images) < round(run.outcome.test_error * images)


def _image_counts(variant: Variant) -> dict[str, int]:
    """Returns the number of images on which each error of a study is counted."""
    dataset, limit = variant.dataset, variant.train.eval_train_examples
    counts = {"train_error": min(limit, len(dataset.train)), "test_error": len(dataset.test)}
    counts["gap"] = counts["test_error"]
    if dataset.validation is not None:
        counts["validation_error"] = len(dataset.validation)
    return counts


def _budgets(variants: Sequence[Variant]) -> dict[str, float]:
    """Returns the images that a run of each variant has seen, those of its dense net included."""
    seen = {v.name: float(v.info.steps * v.train.batch_size) for v in variants}
    return {
        v.name: seen[v.name]
        + (seen[v.info.dense] if v.info.dense and v.config.prune.control == "none" else 0.0)
        for v in variants
    }
