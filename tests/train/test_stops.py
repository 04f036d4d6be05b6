"""The steps at which a training stops."""

from __future__ import annotations

import pytest

from depthstudy.config import TrainConfig
from depthstudy.train import stops


@pytest.mark.parametrize(
    ("evaluations", "steps", "expected"),
    [(1, 10, [10]), (3, 10, [3, 7, 10]), (4, 100, [25, 50, 75, 100]), (10, 3, [1, 2, 3])],
)
def test_evaluation_steps(evaluations: int, steps: int, expected: list[int]) -> None:
    assert stops.evaluation_steps(TrainConfig(evaluations=evaluations), steps) == expected


@pytest.mark.parametrize(
    ("log_every", "evaluations", "steps", "expected"),
    [(50, 10, 2_000, 100), (9, 3, 180, 9), (50, 2, 225, 50), (1, 1, 5, 1), (400, 4, 300, 75)],
)
def test_early_is_the_first_point_past_a_twentieth(
    log_every: int, evaluations: int, steps: int, expected: int
) -> None:
    config = TrainConfig(log_every=log_every, evaluations=evaluations)
    assert stops.early_step(config, steps) == expected
