"""Runs that each draw a train subset of their own."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from depthstudy import data, execute, plan
from depthstudy.analysis.opening import open_run
from depthstudy.config import DataConfig, ModelConfig, StudyConfig, TrainConfig
from depthstudy.data.sources.arrays import ArrayExamples, array_source
from depthstudy.errors import InputError

OWN = DataConfig(train_examples=200, own_subset=True)


def images(split: data.Split) -> set[bytes]:
    return {image.tobytes() for image in split.read(np.arange(len(split))).images}


def test_each_run_draws_as_many_of_what_is_not_held_out() -> None:
    shared = data.load(OWN)
    first, again, other = (shared.of_run(seed) for seed in (0, 0, 1))
    assert shared.validation is not None
    assert images(first.train) == images(again.train) != images(other.train)
    for run in (first, other):
        assert run.test is shared.test
        assert run.validation is shared.validation
        assert len(run.train) == len(shared.train)
        counts = run.train.class_counts
        assert counts.min() >= counts.max() - 2  # digits are even
        assert images(run.train).isdisjoint(images(shared.validation))
    assert len(images(first.train) & images(other.train)) < 0.4 * len(first.train)


def test_one_draw_for_all_is_the_default() -> None:
    shared = data.load(dataclasses.replace(OWN, own_subset=False))
    assert shared.of_run(3) is shared
    assert images(data.load(OWN).train) == images(shared.train)


def test_labels_are_as_noisy_in_each_run() -> None:
    noisy = data.load(dataclasses.replace(OWN, label_noise=0.25))
    for seed in (0, 1):
        split = noisy.of_run(seed).train
        assert (split.labels != split.true_labels).sum() == round(0.25 * len(split))


class Copied(ArrayExamples):
    """Each image twice."""

    @property
    def groups(self) -> np.ndarray:
        return np.arange(len(self)) // 2


def test_copies_of_what_is_held_out_are_not_drawn() -> None:
    random = np.random.default_rng(0)
    distinct = random.integers(0, 256, (69, 4, 4, 1), dtype=np.uint8)
    labels = np.arange(69) % 3
    source = array_source({"train": (distinct, labels), "test": (distinct[:9], labels[:9])})
    twice = Copied(np.repeat(distinct[9:], 2, axis=0), np.repeat(labels[9:], 2))
    examples = {**source.examples, "train": twice}
    config = dataclasses.replace(OWN, name=source.name, train_examples=80)
    shared = data.from_source(dataclasses.replace(source, examples=examples), config)
    assert shared.validation is not None
    for seed in range(3):
        drawn = shared.of_run(seed).train
        assert len(drawn) == len(shared.train)
        assert images(drawn).isdisjoint(images(shared.validation))


def test_how_many_has_to_be_said() -> None:
    with pytest.raises(InputError, match=r"needs data\.train_examples: how many images each run"):
        data.load(DataConfig(own_subset=True))


@pytest.mark.slow
def test_a_run_is_trained_and_measured_on_its_own_images(tmp_path: Path) -> None:
    study = dataclasses.replace(
        StudyConfig(),
        data=OWN,
        model=ModelConfig(depth=8, width=4),
        train=TrainConfig(steps=3, batch_size=8),
        seeds=2,
        probes=(),
    )
    prepared, variants = plan.prepare(study)
    session = execute.Session(prepared, variants, tmp_path)
    session.train(execute.jobs_of(prepared, variants))
    (variant,) = variants
    seen = [
        open_run(session.store(variant, seed).folder, None, 16, data.Datasets()) for seed in (0, 1)
    ]
    for seed, run in enumerate(seen):
        dataset = variant.dataset.of_run(seed)
        assert images(run.probe_input.dataset.train) == images(dataset.train)
    session.close()
