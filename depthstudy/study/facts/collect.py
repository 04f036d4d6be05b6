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
from depthstudy.evidence.choice import improvement
from depthstudy.evidence.material import Material
from depthstudy.evidence.mistakes.answers import Answers
from depthstudy.evidence.panel import ImageErrors
from depthstudy.execute import measurement
from depthstudy.plan import Variant, images_seen, pools
from depthstudy.store import Outcome, RunStore
from depthstudy.study.facts import split_labels
from depthstudy.study.facts.runs import StudyRuns
from depthstudy.study.facts.split_labels import SplitLabels
from depthstudy.study.facts.yardsticks import baselines, image_counts, majority_error

_TRAINING = 3  # multiply-accumulates of a step for one of the forward pass; the gradient takes two


class _Run(NamedTuple):
    """A run that is done, its cost, what training measured of it, and where it errs by split."""

    variant: Variant
    seed: int
    files: RunStore
    outcome: Outcome
    cost: Cost
    measured: list[records.Record]
    wrong: dict[str, NDArray[np.bool_]]


def collect(runs: StudyRuns, trials: Sequence[records.TrialRow] = ()) -> Material:
    """Returns what there is to judge a study by: the runs that are done, and their variants.

    Args:
      runs: The runs of the study.
      trials: What was tried in tuning.
    """
    study, workdir = runs.study, runs.workdir
    done = [
        run
        for variant in runs.variants
        for seed in variant.seeds_in(study)
        if (run := _read(workdir, variant, seed)) is not None
    ]
    by_name = {
        variant.name: variant_runs
        for variant in runs.variants
        if (variant_runs := [run for run in done if run.variant is variant])
    }
    variants = [variant for variant in runs.variants if variant.name in by_name]
    probes = [measurement.read(study, variant, workdir) for variant in variants]
    first = variants[0]
    labels = {variant.name: split_labels.of(runs, variant) for variant in variants}
    balanced = study.metric == "balanced_error"
    return Material(
        summary=records.frame(
            records.Summary,
            [_summary(workdir, run, labels[run.variant.name].get("test")) for run in done],
        ),
        trained=[
            dataclasses.replace(row, study=study.name, variant=run.variant.name)
            for run in done
            for row in run.measured
        ],
        probed=[row for of_variant in probes for row in of_variant],
        variants=_with_budgets(variants, by_name),
        settings=pools.compared(study, runs.variants),
        pruned={variant.name: variant.config.prune for variant in variants},
        predictions=_predictions(by_name, labels, "test", by_class=balanced),
        validated=_predictions(by_name, labels, "validation", by_class=balanced),
        images=image_counts(variants, labels, study.metric),
        budgets=images_seen(variants),
        chance={v.name: tasks.of(v.dataset).chance_error for v in runs.variants},
        trials=trials,
        answers=_answers(by_name),
        class_names=first.dataset.class_names,
        baselines=baselines(variants, labels, study.metric),
        pools=study.pools,
        partial=frozenset(v.name for v in variants if pools.is_partial(study, v)),
    )


def _read(workdir: Path, variant: Variant, seed: int) -> _Run | None:
    """Returns a run, or ``None`` if it is not done."""
    run = RunStore.of(workdir, variant.runs, seed)
    outcome = run.read_outcome()
    if outcome is None:
        return None
    info = run.read_info()
    assert info is not None, run.folder
    cost = nets.cost(spec_from_json(info.arch), info.image_shape)
    counted = tasks.of(variant.dataset).counts_images
    # One that diverged has none; an earlier version left those of a shorter training there.
    errors = run.read_errors() if counted and outcome.diverged_at is None else {}
    wrong = {split: of_split > 0 for split, of_split in errors.items()}
    return _Run(variant, seed, run, outcome, cost, run.read_records(), wrong)


def _outcome(run: RunStore) -> Outcome:
    outcome = run.read_outcome()
    assert outcome is not None, run.folder
    return outcome


def _with_budgets(
    variants: Sequence[Variant], runs: Mapping[str, Sequence[_Run]]
) -> tuple[records.VariantInfo, ...]:
    """Returns what variants are, with the images and operations that a run was trained with."""
    infos = [_costed(variant, [run.cost for run in runs[variant.name]]) for variant in variants]
    macs = {
        v.name: _TRAINING * info.macs * info.steps * v.train.batch_size
        for v, info in zip(variants, infos, strict=True)
    }
    seen = images_seen(variants)
    return tuple(
        dataclasses.replace(
            info,
            images_seen=round(seen[v.name]),
            training_macs=macs[v.name] + (macs[v.info.dense] if v.goes_on else 0),
        )
        for v, info in zip(variants, infos, strict=True)
    )


def _costed(variant: Variant, costs: Sequence[Cost]) -> records.VariantInfo:
    """Returns what a variant is, at the mean cost of its runs, which pruning may set apart."""
    rows = [dataclasses.asdict(cost) for cost in costs]
    means: dict[str, Any] = {
        field: None if value is None else round(statistics.fmean(row[field] for row in rows))
        for field, value in rows[0].items()
    }
    return dataclasses.replace(variant.info, **means)


def _summary(workdir: Path, run: _Run, labels: NDArray[Any] | None) -> records.Summary:
    variant, outcome = run.variant, run.outcome
    seconds = outcome.train_seconds + outcome.eval_seconds
    if variant.goes_on:
        before = _outcome(RunStore.of(workdir, variant.info.dense, run.seed))
        seconds += before.train_seconds + before.eval_seconds
    metric = variant.config.metric
    train, validation, test = (outcome.error(of, metric) for of in ("train", "validation", "test"))
    assert train is not None, run.files.folder
    assert test is not None, run.files.folder
    balanced = outcome.test_balanced_error
    return records.Summary(
        variant=variant.name,
        seed=run.seed,
        train_error=train,
        validation_error=math.nan if validation is None else validation,
        test_error=test,
        gap=test - train,
        balanced_error=math.nan if balanced is None else balanced,
        majority_error=majority_error(variant.dataset, labels, metric),
        unfinished=_unfinished(run),
        parameters=run.cost.parameters,
        macs=run.cost.macs,
        seconds=seconds,
    )


def _unfinished(run: _Run) -> bool:
    losses = [r.value for r in run.measured if (r.probe, r.metric) == ("training", "loss")]
    judged = improvement.improvement(losses, run.outcome.train_error)
    return judged is not None and judged.unfinished


def _predictions(
    runs: Mapping[str, Sequence[_Run]],
    labels: Mapping[str, SplitLabels],
    split: str,
    *,
    by_class: bool,
) -> dict[str, ImageErrors]:
    """Returns by variant whether each run errs on each image of a split, and which these are.

    Variants with a run of which only its error is known are left out.

    Args:
      runs: By variant the runs that are done.
      labels: By variant the labels of its splits.
      split: ``"validation"`` or ``"test"``.
      by_class: Whether errors are means over the classes; then variants are left out of which the
        classes of the images are not known.
    """
    errors = {}
    for name, of_variant in runs.items():
        classes = labels[name].get(split) if by_class else None
        rows = [_wrong(run, split, classes) for run in of_variant]
        known = [row for row in rows if row is not None]
        if len(known) == len(rows) and (classes is not None or not by_class):
            images = _image_set(of_variant[0].variant, split)
            errors[name] = ImageErrors(np.stack(known), classes, images)
    return errors


def _image_set(variant: Variant, split: str) -> str:
    """Returns what variants share that are evaluated on the same images, of whatever size."""
    data = variant.config.data
    named = data.test_split if split == "test" else variant.dataset.validation_split
    parts = (data.train_split, data.train_examples, data.validation, data.seed)
    return " ".join(map(str, (variant.dataset.name, *((named,) if named else parts))))


def _wrong(run: _Run, split: str, classes: NDArray[Any] | None) -> NDArray[np.bool_] | None:
    """Returns the images that a run errs on; one that diverged guesses as many as chance says.

    It guesses as many of each class where classes count alike.
    """
    if split in run.wrong:
        return run.wrong[split]
    dataset, error = run.variant.dataset, getattr(run.outcome, f"{split}_error")
    if run.outcome.diverged_at is None or error is None or not tasks.of(dataset).counts_images:
        return None
    wrong = np.zeros(len(getattr(dataset, split)), np.bool_)
    groups = [np.arange(len(wrong))]
    if classes is not None:
        groups = [np.flatnonzero(classes == label) for label in np.unique(classes)]
    for images in groups:
        wrong[images[: round(error * len(images))]] = True
    return wrong


def _answers(runs: Mapping[str, Sequence[_Run]]) -> dict[str, Answers]:
    """Returns by variant what its runs say of each test image, of those with the first's images.

    Runs that diverged, those of an earlier version and detectors say nothing.
    """
    by_variant: dict[str, Answers] = {}
    labels: NDArray[Any] | None = None
    for name, of_variant in runs.items():
        read = [run.files.read_answers() for run in of_variant if run.outcome.diverged_at is None]
        given = [answers for answers in read if "label" in answers]
        if not given:
            continue
        labels = given[0]["label"] if labels is None else labels
        if np.array_equal(given[0]["label"], labels):
            by_variant[name] = Answers(
                labels,
                np.stack([answers["predicted"] for answers in given]),
                np.stack([answers["confidence"] for answers in given]),
            )
    return by_variant
