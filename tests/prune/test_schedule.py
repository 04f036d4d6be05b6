"""Schedules by their formulas, and the learning rate after rewinding."""

import jax
import numpy as np
import optax
import pytest

from depthstudy import prune
from depthstudy.errors import InputError


def test_cubic_by_its_formula() -> None:
    plan = prune.cubic(0.8, start=10, stop=50, every=10)
    assert plan.steps == (20, 30, 40, 50)
    np.testing.assert_allclose(plan.sparsities, [0.4625, 0.7, 0.7875, 0.8])
    assert prune.cubic(0.5, start=0, stop=25, every=10).steps == (10, 20, 25)


def test_iterative_takes_the_same_share_each_time() -> None:
    plan = prune.iterative(1 - 0.8**3, steps=[100, 200, 300])
    np.testing.assert_allclose(plan.sparsities, [0.2, 0.36, 0.488])


def test_one_shot_is_a_single_round() -> None:
    assert prune.one_shot(0.3, step=7) == prune.Schedule((7,), (0.3,))


@pytest.mark.parametrize("rewind", ["rate", "weights"])
def test_the_rate_goes_back_after_each_round(rewind: prune.schedule.Rewind) -> None:
    plan = prune.rewinding(prune.iterative(0.5, steps=[6, 10]), rewind, to=2)
    rate = prune.rewound(lambda step: 100 - step, plan)
    clock = [100 - int(rate(step)) for step in range(13)]
    assert clock == [0, 1, 2, 3, 4, 5, 2, 3, 4, 5, 2, 3, 4]
    np.testing.assert_array_equal([100 - int(jax.jit(rate)(s)) for s in (5, 6, 11)], [5, 2, 3])


def test_without_rewinding_the_rate_is_the_same() -> None:
    rate = optax.cosine_decay_schedule(0.1, 10)
    assert prune.rewound(rate, prune.one_shot(0.5, step=5)) is rate


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: prune.one_shot(1.0, step=5), "at least 0 and below 1"),
        (lambda: prune.one_shot(0.5, step=0), "rise from at least 1"),
        (lambda: prune.iterative(0.5, steps=[5, 5]), "rise from at least 1"),
        (lambda: prune.iterative(0.5, steps=[]), "a step and a sparsity"),
        (lambda: prune.Schedule((1, 2), (0.5, 0.4)), "must not fall"),
        (lambda: prune.cubic(0.5, start=5, stop=5, every=1), "start < stop"),
        (
            lambda: prune.rewinding(prune.one_shot(0.5, step=5), "rate", to=6),
            "cannot rewind to step 6; the first round is at 5",
        ),
    ],
)
def test_refusals(make: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()  # type: ignore[operator]
