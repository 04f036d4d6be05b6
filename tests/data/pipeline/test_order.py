from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthstudy.data.pipeline import order
from depthstudy.data.pipeline.order import evenly_spaced, order_at, orders_at


@given(count=st.integers(1, 50), batch_size=st.integers(1, 120), seed=st.integers(0, 3))
def test_each_epoch_holds_each_example_once(count: int, batch_size: int, seed: int) -> None:
    steps = -(-3 * count // batch_size)
    slots = np.concatenate(
        [order_at(s, seed=seed, count=count, batch_size=batch_size) for s in range(steps)]
    )
    for epoch in range(3):
        np.testing.assert_array_equal(
            np.sort(slots[epoch * count : (epoch + 1) * count]), np.arange(count)
        )


def test_order_does_not_depend_on_batch_size() -> None:
    whole = order_at(0, seed=1, count=40, batch_size=120)
    parts = [order_at(s, seed=1, count=40, batch_size=8) for s in range(15)]
    np.testing.assert_array_equal(whole, np.concatenate(parts))


def test_order_differs_between_epochs_and_seeds() -> None:
    first, second = order_at(0, seed=0, count=100, batch_size=200).reshape(2, 100)
    other = order_at(0, seed=1, count=100, batch_size=100)
    assert np.mean(first == second) < 0.1
    assert np.mean(first == other) < 0.1


def test_order_is_the_same_on_every_machine() -> None:
    """A change here would break every resumed run."""
    assert order_at(2, seed=3, count=10, batch_size=6).tolist() == [5, 7, 9, 4, 6, 3]


@given(count=st.integers(1, 50), batch_size=st.integers(1, 120), step=st.integers(0, 9))
def test_runs_together_see_what_each_sees_alone(count: int, batch_size: int, step: int) -> None:
    runs = (4, 0, 7, 7)
    together = orders_at(step, seed=1, count=count, batch_size=batch_size, runs=runs)
    alone = [order_at(step, seed=1, count=count, batch_size=batch_size, run=run) for run in runs]
    np.testing.assert_array_equal(together, np.concatenate(alone))


@pytest.mark.parametrize("runs", [1, 40])
def test_an_order_is_drawn_once_an_epoch(monkeypatch: pytest.MonkeyPatch, runs: int) -> None:
    """However many runs are trained together, of which each has an order of its own."""
    drawn: list[tuple[int, ...]] = []
    generator = order.generator

    def counted(seed: int, stream: int, *position: int) -> np.random.Generator:
        drawn.append(position)
        return generator(seed, stream, *position)

    monkeypatch.setattr(order, "generator", counted)
    for step in range(30):  # 3 epochs, between which a batch straddles
        orders_at(step, seed=runs, count=997, batch_size=99, runs=tuple(range(runs)))
    assert sorted(drawn) == [(run, epoch) for run in range(runs) for epoch in range(3)]


def test_evenly_spaced() -> None:
    np.testing.assert_array_equal(evenly_spaced(10, 4), [0, 2, 5, 7])
    np.testing.assert_array_equal(evenly_spaced(5, 9), np.arange(5))
    np.testing.assert_array_equal(evenly_spaced(5, None), np.arange(5))
