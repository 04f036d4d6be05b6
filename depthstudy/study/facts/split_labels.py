"""The labels of the images of each split: the set's, or as a run met them where it is streamed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from depthstudy import tasks
from depthstudy.plan import Variant
from depthstudy.store import RunStore
from depthstudy.study.facts.runs import StudyRuns

SplitLabels = Mapping[str, NDArray[Any]]  # by name of a split, of those that are known


def of(runs: StudyRuns, variant: Variant) -> SplitLabels:
    """Returns the labels of the splits of a variant that are trained on or evaluated by.

    Of a streamed set whose labels are not at hand they are those that a finished run kept: of all
    images that are evaluated, which may be fewer than are trained on. Nothing is known where labels
    are no classes.
    """
    dataset = variant.dataset
    if not tasks.of(dataset).counts_images:
        return {}
    splits = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
    opened = {name: split for name, split in splits.items() if split is not None}
    known = {name: split.labels for name, split in opened.items() if split.knows_labels}
    if len(known) == len(opened):
        return known
    kept = _kept(runs, variant)
    names = {"train": "train_label", "validation": "validation_label", "test": "label"}
    return {name: kept[key] for name, key in names.items() if key in kept} | known


def _kept(runs: StudyRuns, variant: Variant) -> dict[str, NDArray[Any]]:
    """Returns the answers of a run of a variant, of the first that has some."""
    for seed in variant.seeds_in(runs.study):
        answers = RunStore.of(runs.workdir, variant.runs, seed).read_answers()
        if answers:
            return answers
    return {}
