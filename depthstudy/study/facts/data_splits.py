"""The splits of a set as they are used: what is counted of them, and what that means."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from depthstudy import tasks
from depthstudy.data import Dataset, Split, objects
from depthstudy.data.pipeline.splits.in_memory import InMemorySplit
from depthstudy.records import DataSplit

_UNEVEN = 1.5  # times as many examples as the smallest class, above which a set is called uneven
_FEW_TEST, _FEW_OF_CLASS, _FEW_TRAIN = 100, 10, 10
_TYPICAL_ERROR = 0.1  # at which the precision of an error is stated


def notes(dataset: Dataset, splits: Sequence[DataSplit]) -> Iterator[str]:
    """Yields what a person should know of the numbers of examples."""
    yield from _imbalance(dataset, splits)
    yield from _small(dataset, splits)


def has_classes(dataset: Dataset) -> bool:
    """Whether a label is a class, so that images can be counted by it."""
    label = tasks.of(dataset).label
    return label.shape == () and np.issubdtype(label.dtype, np.integer)


def counted(dataset: Dataset, name: str, split: Split) -> DataSplit:
    """Returns a split with the images, or objects, of each class, where they are at hand."""
    if dataset.task == "detection" and isinstance(split, InMemorySplit):
        return _split_of_objects(dataset, name, split)
    if not (has_classes(dataset) and split.knows_labels):
        return DataSplit(name=name, images=len(split))
    return of_labels(dataset, name, split.true_labels)


def of_labels(dataset: Dataset, name: str, labels: np.ndarray) -> DataSplit:
    """Returns a split of images with these classes."""
    counts = np.bincount(labels, minlength=dataset.num_classes)
    error = tasks.of(dataset).majority_error(labels)
    return DataSplit(
        name=name, images=len(labels), counts=tuple(counts.tolist()), majority_error=error
    )


def _split_of_objects(dataset: Dataset, name: str, split: Split) -> DataSplit:
    present = split.true_labels[..., objects.CLASS] >= 0
    rows = split.true_labels[present]
    counts = np.bincount(rows[:, objects.CLASS].astype(int), minlength=dataset.num_classes)
    height, width = (rows[:, objects.BOX][:, i + 2] - rows[:, objects.BOX][:, i] for i in (0, 1))
    return DataSplit(
        name=name,
        images=len(split),
        counts=tuple(counts.tolist()),
        empty_images=int((~present.any(axis=1)).sum()),
        median_side=float(np.sqrt(np.median(height * width))) if len(rows) else None,
    )


def _imbalance(dataset: Dataset, splits: Sequence[DataSplit]) -> Iterator[str]:
    """Yields how unevenly classes are filled, where they are."""
    train = next(split for split in splits if split.name == "train")
    counts = np.array(train.counts)
    if not len(counts) or counts.max() < _UNEVEN * counts.min():
        return
    least, most = int(counts.argmin()), int(counts.argmax())
    names = dataset.class_names
    if dataset.task == "detection":
        yield (
            f"classes are uneven: {names[most]} has {counts[most]:,} train objects, {names[least]}"
            f" {counts[least]:,}; average precision counts all classes alike"
        )
        return
    yield (
        f"classes are uneven: {names[most]} has {counts[most]:,} train images, {names[least]}"
        f" {counts[least]:,}; an error near that of always naming the largest class says that"
        ' nothing was learned; config.metric="balanced_error" counts all classes alike'
    )


def _small(dataset: Dataset, splits: Sequence[DataSplit]) -> Iterator[str]:
    """Yields what so few images can and cannot show."""
    by_name = {split.name: split for split in splits}
    train, test = by_name["train"], by_name["test"]
    if tasks.of(dataset).counts_images and test.images < _FEW_TEST:
        half = 1.96 * math.sqrt(_TYPICAL_ERROR * (1 - _TYPICAL_ERROR) / test.images)
        yield (
            f"one test image is {100 / test.images:.1f} points of error, and chance moves an error"
            f" of 10% by about {100 * half:.0f} points either way: only larger differences can be"
            " concluded from"
        )
    for split, few, what in ((test, _FEW_OF_CLASS, "test"), (train, _FEW_TRAIN, "train")):
        if split.counts and min(split.counts) < few:
            name, count = dataset.class_names[int(np.argmin(split.counts))], min(split.counts)
            kind = "object" if dataset.task == "detection" else "image"
            images = f"{what} {kind}" if count == 1 else f"{what} {kind}s"
            yield f"class {name} has {count} {images}: nothing can be concluded on it by itself"
    validation = by_name.get("validation")
    if validation is not None and validation.counts and not min(validation.counts):
        missing = validation.counts.count(0)
        yield (
            f"{missing} classes have too few images for one to be held out: what is chosen on"
            " validation images does not consider them"
        )
