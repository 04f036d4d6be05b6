"""What errors are held against: how many images each is counted on, and what guessing would get."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from depthstudy import tasks
from depthstudy.data import Dataset, Split
from depthstudy.data.pipeline import order
from depthstudy.plan import Variant


def baselines(variants: Sequence[Variant], metric: str) -> dict[str, dict[str, float]]:
    """Returns by error and variant that of always naming the largest class, where it is known."""
    rows: dict[str, dict[str, float]] = {}
    for variant in variants:
        of = variant.dataset
        splits = {"train": of.train, "validation": of.validation, "test": of.test}
        errors = {
            f"{name}_error": majority_error(of, split, metric)
            for name, split in splits.items()
            if split is not None
        }
        errors["balanced_error"] = majority_error(of, of.test, "balanced_error")
        for name, error in errors.items():
            if math.isfinite(error):
                rows.setdefault(name, {})[variant.name] = error
    return rows


def majority_error(dataset: Dataset, split: Split, metric: str) -> float:
    """Returns the error of always naming the largest class; NaN where labels are not at hand."""
    task = tasks.of(dataset)
    if not (split.knows_labels and task.counts_images):
        return math.nan
    if metric == "error":
        return task.majority_error(split.labels)
    classes = np.unique(split.labels)
    return 1 - 1 / len(classes)


def image_counts(variant: Variant, metric: str) -> dict[str, int]:
    """Returns the number of images on which each error of a study is counted, if they are.

    Of a balanced error it is the number of images of even classes on which it would be as sure.
    """
    dataset, limit = variant.dataset, variant.train.eval_train_examples
    if not tasks.of(dataset).counts_images:
        return {}
    if dataset.test.knows_labels and dataset.test.labels.ndim == 1:
        balanced = tasks.effective_count(dataset.test.labels)
        if metric == "balanced_error":
            return _balanced_counts(dataset, limit)
        return _plain_counts(dataset, limit) | {"balanced_error": balanced}
    return _plain_counts(dataset, limit)


def _balanced_counts(dataset: Dataset, limit: int) -> dict[str, int]:
    counts = {"test_error": tasks.effective_count(dataset.test.labels)}
    counts["gap"] = counts["balanced_error"] = counts["test_error"]
    if dataset.train.knows_labels:
        seen = dataset.train.labels[order.evenly_spaced(len(dataset.train), limit)]
        counts["train_error"] = tasks.effective_count(seen)
    if dataset.validation is not None and dataset.validation.knows_labels:
        counts["validation_error"] = tasks.effective_count(dataset.validation.labels)
    return counts


def _plain_counts(dataset: Dataset, limit: int) -> dict[str, int]:
    counts = {"train_error": min(limit, len(dataset.train)), "test_error": len(dataset.test)}
    counts["gap"] = counts["test_error"]
    if dataset.validation is not None:
        counts["validation_error"] = len(dataset.validation)
    return counts
