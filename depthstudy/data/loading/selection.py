"""Which examples of a source are trained on, chosen by and tested on, as a config asks for."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from depthstudy.config import DataConfig
from depthstudy.data.pipeline import subset
from depthstudy.data.pipeline.decode import CROP
from depthstudy.data.pipeline.splits.reader import ObjectReader, Reader
from depthstudy.data.source import ObjectExamples, Source
from depthstudy.errors import InputError, first_names

_OWN = "validation"  # name of the split of a set that is for choosing


class Selection(NamedTuple):
    """A reader for each split, the one to train on with noise in its labels."""

    train: Reader
    validation: Reader | None
    test: Reader


def with_own_validation(source: Source, config: DataConfig) -> DataConfig:
    """Returns a config by which a set that has a validation split is chosen by that.

    One that is trained or tested on is none, nor is there one where nothing is to be held out.
    """
    wanted = config.validation > 0 and config.validation_split is None
    if not wanted or _OWN not in source.split_names:
        return config
    for used in (config.train_split, config.test_split):
        places = source.ranges(used)
        splits = {split for split, _, _ in places} if places else {used} & {*source.split_names}
        if not splits or _OWN in splits:
            return config
    return dataclasses.replace(config, validation_split=_OWN)


def select(
    source: Source, config: DataConfig, shape: tuple[int, int, int], *, in_memory: bool
) -> Selection:
    """Returns the examples that ``config`` asks for.

    A streamed set whose labels are not known beforehand is divided at random, and nobody looks
    whether a class is missing: it would have to be read once.

    Args:
      source: The source.
      config: What is asked for.
      shape: Height, width and channels of an image.
      in_memory: Whether the set is read whole anyway.

    Raises:
      InputError: There are no such splits, they overlap, or a class is in one of them only.
    """
    _refuse_overlaps(source, config)
    whole = read_split(source, config, config.train_split, shape)
    chosen = _subset(source, config, whole)
    test = read_split(source, config, config.test_split, shape, evaluated=True)
    train, validation = _divided(source, config, chosen, in_memory=in_memory)
    named = {config.train_split: train, config.test_split: test}
    if config.validation_split is not None and validation is not None:
        named[config.validation_split] = validation
    if in_memory or all(reader.examples.knows_labels for reader in named.values()):
        _refuse_missing_classes(source, named)
    return Selection(_noisy(source, config, train), validation, test)


def own_subset(source: Source, config: DataConfig, shared: Selection, seed: int) -> Reader:
    """Returns what a run trains on where each draws a subset of its own.

    Args:
      source: The source.
      config: What is asked for.
      shared: What all runs choose and test by; the subset is as large as its split to train on.
      seed: Seed of the run.
    """
    whole = read_split(source, config, config.train_split, shared.train.image_shape)
    if shared.validation is not None and config.validation_split is None:
        whole = whole.at(_apart(whole.rows, shared.validation.rows, whole.examples.groups))
    labels = whole.split_labels[whole.rows]
    order = subset.stratified_order(labels, config.seed, seed)[: len(shared.train)]
    return _noisy(source, config, whole.at(whole.rows[np.sort(order)]))


def _apart(
    rows: Int[np.ndarray, " N"],
    held_out: Int[np.ndarray, " n"],
    groups: Int[np.ndarray, " N"] | None,
) -> Int[np.ndarray, " M"]:
    """Returns the rows that are not held out, nor copies of one that is."""
    if groups is None:
        return np.setdiff1d(rows, held_out)
    return rows[~np.isin(groups[rows], groups[held_out])]


def read_split(
    source: Source,
    config: DataConfig,
    split: str,
    shape: tuple[int, int, int],
    *,
    evaluated: bool = False,
) -> Reader:
    """Returns a reader of every example of a split, without noise."""
    examples = source.split(split)
    shared = {
        "name": f"{source.title or config.name} {split}",
        "num_classes": source.num_classes,
        "image_shape": shape,
    }
    if not isinstance(examples, ObjectExamples):
        center = config.eval_center if evaluated else 1.0
        return Reader.of_all(examples, resize=config.fit, center=center, **shared)
    if config.fit != CROP or config.eval_center < 1:
        raise InputError(
            f"data.fit and data.eval_center are for one class an image; {source.called} has"
            " objects in images, which are always fitted in with their aspect"
        )
    return ObjectReader.of_all(examples, max_objects=examples.max_objects, **shared)


def _refuse_overlaps(source: Source, config: DataConfig) -> None:
    """Refuses splits that share examples: an error on what was trained on says nothing."""
    fields = {
        "train_split": config.train_split,
        "test_split": config.test_split,
        "validation_split": config.validation_split,
    }
    places = {field: source.ranges(name) for field, name in fields.items() if name is not None}
    for one, other in itertools.combinations(places, 2):
        shared = sum(
            max(0, min(end, other_end) - max(start, other_start))
            for split, start, end in places[one] or ()
            for other_split, other_start, other_end in places[other] or ()
            if split == other_split
        )
        if shared:
            raise InputError(
                f"data.{one}={fields[one]!r} and data.{other}={fields[other]!r} share {shared:,}"
                f" images of {source.called}; take parts that do not overlap, as"
                f" data.{one}='train[:80%]' and data.{other}='train[80%:]'"
            )


def _refuse_missing_classes(source: Source, readers: Mapping[str, Reader]) -> None:
    """Refuses a class that some splits have and others have not."""
    if any(isinstance(reader, ObjectReader) for reader in readers.values()):
        return  # the largest object of an image does not say which classes are in it
    present = {
        name: {*np.unique(reader.split_labels[reader.rows]).tolist()}
        for name, reader in readers.items()
    }
    every = set.union(*present.values())
    for name, labels in present.items():
        missing = [source.class_names[k] for k in sorted(every - labels) if k >= 0]
        if missing and -1 not in labels:
            raise InputError(
                f"split {name!r} of {source.called} has no image of"
                f" {first_names(missing)}, which other splits have; take a larger"
                " part, or another"
            )


def _subset(source: Source, config: DataConfig, reader: Reader) -> Reader:
    """Returns a reader of the stratified subset that ``config`` asks for."""
    classes, count, size = reader.num_classes, len(reader), config.train_examples
    if size is None and config.own_subset:
        raise InputError(
            "data.own_subset=True needs data.train_examples: how many images each run draws of the"
            f" {count:,} of {source.called}"
        )
    if size is None:
        return reader
    if not classes <= size <= count:
        raise InputError(
            f"data.train_examples is {size}; allowed for split {config.train_split!r} of"
            f" {source.called}: {classes} (its classes) to {count} (its examples)"
        )
    chosen = subset.stratified_order(reader.split_labels, config.seed)[:size]
    return reader.at(np.sort(chosen))


def _divided(
    source: Source, config: DataConfig, reader: Reader, *, in_memory: bool
) -> tuple[Reader, Reader | None]:
    """Returns readers of what is trained on and of what is chosen by, if anything is."""
    if config.validation_split is not None:
        split = config.validation_split
        return reader, read_split(source, config, split, reader.image_shape, evaluated=True)
    if not config.validation:
        return reader, None
    rows, examples = reader.rows, reader.examples
    stratified = in_memory or examples.knows_labels
    labels = reader.split_labels[rows] if stratified else np.zeros(len(rows), np.int32)
    groups = None if examples.groups is None else examples.groups[rows]
    chosen = subset.held_out(labels, config.validation, config.seed, groups)
    if not chosen.any():
        raise InputError(
            f"data.validation={config.validation} of {len(rows)} examples of {source.called} is"
            " none; take more, or 0 and choose nothing"
        )
    held_out = dataclasses.replace(
        reader.at(rows[chosen]), name=f"{reader.name} (validation)", center=config.eval_center
    )
    return reader.at(rows[~chosen]), held_out


def _noisy(source: Source, config: DataConfig, reader: Reader) -> Reader:
    """Returns the reader with the wrong labels that ``config`` asks for."""
    if config.label_noise == 0:
        return reader
    if isinstance(reader, ObjectReader):
        raise InputError(
            f"data.label_noise is for one class an image; {source.called} has objects in images"
        )
    if reader.num_classes < 2:
        raise InputError(f"data.label_noise needs a wrong class; {source.called} has only one")
    noise = subset.noise_offsets(
        reader.rows,
        count=len(reader.examples),
        share=config.label_noise,
        num_classes=reader.num_classes,
        seed=config.seed,
    )
    return dataclasses.replace(reader, noise=noise)
