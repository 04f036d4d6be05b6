from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthstudy.data.pipeline.subset import noise_offsets, stratified_order

LABELS = np.random.default_rng(0).permutation(np.repeat(np.arange(10), 60))


@pytest.mark.parametrize("size", [10, 50, 200, 590])
def test_beginnings_of_a_balanced_set_are_balanced(size: int) -> None:
    chosen = stratified_order(LABELS, seed=0)[:size]
    assert np.bincount(LABELS[chosen]).tolist() == [size // 10] * 10


@given(sizes=st.lists(st.integers(1, 40), min_size=2, max_size=6), seed=st.integers(0, 5))
def test_every_beginning_is_apportioned(sizes: list[int], seed: int) -> None:
    """Against the method of highest averages, which gives out one example after the other."""
    labels = np.repeat(np.arange(len(sizes)), sizes)
    shuffled = stratified_order(labels, seed=seed)
    assert np.array_equal(np.sort(shuffled), np.arange(len(labels)))
    held = np.zeros(len(sizes), int)
    for label in labels[shuffled]:
        averages = np.where(held < sizes, np.array(sizes) / (held + 0.5), 0)
        averages[held == 0] = np.inf
        assert averages[label] == pytest.approx(averages.max())
        held[label] += 1


def test_another_seed_chooses_other_examples() -> None:
    one, two = (set(stratified_order(LABELS, seed=s)[:100].tolist()) for s in (0, 1))
    assert len(one & two) < 40


def noise(share: float, rows: np.ndarray | None = None, seed: int = 0) -> np.ndarray:
    chosen = np.arange(1000) if rows is None else rows
    return noise_offsets(chosen, count=1000, share=share, num_classes=5, seed=seed)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.255, 1.0])
def test_share_of_noise_is_exact_and_always_wrong(share: float) -> None:
    offsets = noise(share)
    assert np.count_nonzero(offsets) == round(share * 1000)
    assert np.all((offsets >= 0) & (offsets < 5))


def test_wrong_classes_are_equally_likely() -> None:
    counts = np.bincount(noise(1.0), minlength=5)
    assert counts[0] == 0
    assert np.all(np.abs(counts[1:] - 250) < 60)  # four standard deviations


def test_more_noise_changes_the_same_labels_and_more() -> None:
    less, more = noise(0.1), noise(0.3)
    np.testing.assert_array_equal(more[less > 0], less[less > 0])


def test_noise_of_an_example_is_its_own() -> None:
    rows = np.arange(0, 1000, 3)
    np.testing.assert_array_equal(noise(1.0, rows), noise(1.0)[rows])
    assert np.count_nonzero(noise(0.2, rows)) == round(0.2 * len(rows))
    assert np.mean(noise(1.0) == noise(1.0, seed=1)) < 0.4
