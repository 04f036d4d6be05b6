"""The validation split: a share of each class, apart from what is trained and tested on."""

from __future__ import annotations

import numpy as np
import pytest
from squares import SquareSource

from depthstudy.config import DataConfig
from depthstudy.data import array_source, from_arrays, from_source, load
from depthstudy.data.loading.selection import with_own_validation
from depthstudy.data.pipeline.subset import held_out
from depthstudy.errors import InputError


def images(dataset_split: object) -> set[bytes]:
    batch = dataset_split.read(np.arange(len(dataset_split)))  # type: ignore[attr-defined]
    return {image.tobytes() for image in batch.images}


def test_a_fifth_of_each_class_is_held_out() -> None:
    whole = load(DataConfig(validation=0.0))
    divided = load(DataConfig())
    assert whole.validation is None
    assert divided.validation is not None
    counts = whole.train.class_counts
    np.testing.assert_array_equal(divided.validation.class_counts, np.rint(0.2 * counts))
    np.testing.assert_array_equal(
        divided.train.class_counts + divided.validation.class_counts, counts
    )
    assert images(divided.train).isdisjoint(images(divided.validation))
    assert images(divided.train) | images(divided.validation) == images(whole.train)
    assert images(divided.test) == images(whole.test)


def test_it_is_drawn_from_the_seed() -> None:
    first, again, other = (load(DataConfig(seed=seed)).validation for seed in (0, 0, 1))
    assert first is not None
    assert again is not None
    assert other is not None
    assert images(first) == images(again) != images(other)


def test_labels_that_are_chosen_by_are_true() -> None:
    noisy, clean = load(DataConfig(label_noise=1.0)), load(DataConfig())
    assert noisy.validation is not None
    assert clean.validation is not None
    np.testing.assert_array_equal(noisy.validation.labels, clean.validation.labels)
    assert (noisy.train.labels != noisy.train.true_labels).all()


def test_a_split_of_the_set_can_be_named() -> None:
    dataset = load(DataConfig(train_split="train[:80%]", validation_split="train[80%:]"))
    assert dataset.validation is not None
    assert (len(dataset.train), len(dataset.validation)) == (1150, 288)


def splits_of(config: DataConfig) -> list[int]:
    """Returns how many images of a set with a split to choose by are in each part."""
    pixels = np.arange(12 * 16, dtype=np.uint8).reshape(12, 4, 4, 1)
    labels = np.arange(12) % 2
    parts = {"train": slice(6), "validation": slice(6, 10), "test": slice(10, 12)}
    source = array_source({name: (pixels[part], labels[part]) for name, part in parts.items()})
    dataset = from_source(source, config)
    splits = (dataset.train, dataset.validation, dataset.test)
    return [0 if split is None else len(split) for split in splits]


def test_a_split_that_a_set_has_for_it_is_chosen_by() -> None:
    assert splits_of(DataConfig()) == [6, 4, 2]
    assert splits_of(DataConfig(train_examples=4)) == [4, 4, 2]
    assert splits_of(DataConfig(validation=0.0)) == [6, 0, 2]


@pytest.mark.parametrize(
    ("used", "images"),
    [
        ({"test_split": "validation"}, [4, 2, 4]),
        ({"test_split": "validation[:2]"}, [4, 2, 2]),
        ({"train_split": "train+validation"}, [8, 2, 2]),
    ],
)
def test_not_where_it_is_trained_or_tested_on(used: dict[str, str], images: list[int]) -> None:
    assert splits_of(DataConfig(validation=0.25, **used)) == images  # type: ignore[arg-type]


def test_it_is_part_of_the_images_that_are_asked_for() -> None:
    dataset = load(DataConfig(train_examples=500))
    assert dataset.validation is not None
    assert len(dataset.train) + len(dataset.validation) == 500
    assert len(dataset.validation) == pytest.approx(100, abs=3)


def test_a_class_is_never_held_out_whole() -> None:
    labels = np.repeat(np.arange(4), (1, 2, 5, 50))
    chosen = held_out(labels, 0.9, seed=0)
    assert [int(chosen[labels == label].sum()) for label in range(4)] == [0, 1, 4, 45]


def test_nothing_to_hold_out_is_said() -> None:
    pixels, labels = np.zeros((2, 4, 4, 1), np.uint8), np.array([0, 1])
    with pytest.raises(InputError, match=r"data.validation=0.2 of 2 examples .* is none"):
        from_arrays(pixels, labels, pixels, labels, validation=0.2)


def test_a_source_that_does_not_say_where_its_splits_lie_has_its_own_validation_too() -> None:
    class Bare(SquareSource):
        @property
        def split_names(self) -> tuple[str, ...]:
            return ("train", "validation", "test")

    source = Bare(name="b", image_shape=(32, 32, 1), class_names=("a", "b"), task="detection")
    assert with_own_validation(source, DataConfig()).validation_split == "validation"
    for used in (DataConfig(test_split="validation"), DataConfig(train_split="train[:9]")):
        assert with_own_validation(source, used) == used
