"""What errors are held against: how many images each is counted on, and what guessing would get."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthstudy import tasks
from depthstudy.data import Dataset
from depthstudy.data.pipeline import order
from depthstudy.plan import Variant
from depthstudy.study.facts.split_labels import SplitLabels


def baselines(
    variants: Sequence[Variant], labels: Mapping[str, SplitLabels], metric: str
) -> dict[str, dict[str, float]]:
    """Returns by error and variant that of always giving the same answer, where it is known.

    Args:
      variants: The variants.
      labels: By variant the labels of its splits.
      metric: ``"error"`` or ``"balanced_error"``.
    """
    rows: dict[str, dict[str, float]] = {}
    for variant in variants:
        for name, error in _baselines(variant, labels[variant.name], metric).items():
            if math.isfinite(error):
                rows.setdefault(name, {})[variant.name] = error
    return rows


def _baselines(variant: Variant, labels: SplitLabels, metric: str) -> dict[str, float]:
    task = tasks.of(variant.dataset)
    if not task.counts_images:
        error = task.majority_error(np.empty((0, *task.label.shape), task.label.dtype))
        return {f"{split}_error": error for split in ("train", "validation", "test")}
    errors = {
        f"{split}_error": majority_error(variant.dataset, of_split, metric)
        for split, of_split in labels.items()
    }
    balanced = majority_error(variant.dataset, labels.get("test"), "balanced_error")
    return errors | {"balanced_error": balanced}


def majority_error(dataset: Dataset, labels: NDArray[Any] | None, metric: str) -> float:
    """Returns the error of always naming the largest class; NaN where labels are not known."""
    task = tasks.of(dataset)
    if labels is None or not task.counts_images:
        return math.nan
    if metric == "error":
        return task.majority_error(labels)
    return 1 - 1 / len(np.unique(labels))


def image_counts(
    variants: Sequence[Variant], labels: Mapping[str, SplitLabels], metric: str
) -> dict[str, dict[str, int]]:
    """Returns by error and variant the number of images on which it is counted, if it is.

    Of a balanced error it is the number of images of even classes on which it would be as sure.

    Args:
      variants: The variants.
      labels: By variant the labels of its splits, where they are known.
      metric: ``"error"`` or ``"balanced_error"``.
    """
    rows: dict[str, dict[str, int]] = {}
    for variant in variants:
        for error, count in _counts(variant, labels[variant.name], metric).items():
            rows.setdefault(error, {})[variant.name] = count
    return rows


def _counts(variant: Variant, labels: SplitLabels, metric: str) -> dict[str, int]:
    dataset, limit = variant.dataset, variant.train.eval_train_examples
    if not tasks.of(dataset).counts_images:
        return {}
    if "test" in labels and labels["test"].ndim == 1:
        if metric == "balanced_error":
            return _balanced_counts(labels, limit)
        balanced = tasks.effective_count(labels["test"])
        return _plain_counts(dataset, limit) | {"balanced_error": balanced}
    return _plain_counts(dataset, limit)


def _balanced_counts(labels: SplitLabels, limit: int) -> dict[str, int]:
    counts = {"test_error": tasks.effective_count(labels["test"])}
    counts["gap"] = counts["balanced_error"] = counts["test_error"]
    if "train" in labels:
        seen = labels["train"][order.evenly_spaced(len(labels["train"]), limit)]
        counts["train_error"] = tasks.effective_count(seen)
    if "validation" in labels:
        counts["validation_error"] = tasks.effective_count(labels["validation"])
    return counts


def _plain_counts(dataset: Dataset, limit: int) -> dict[str, int]:
    counts = {"train_error": min(limit, len(dataset.train)), "test_error": len(dataset.test)}
    counts["gap"] = counts["test_error"]
    if dataset.validation is not None:
        counts["validation_error"] = len(dataset.validation)
    return counts
