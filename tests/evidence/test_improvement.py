"""Whether a curve was still falling, on curves that are planted."""

from __future__ import annotations

import numpy as np
import pytest

from depthstudy.evidence.choice.improvement import improvement

POINTS = 24


def curve(
    rate: float, noise: float, seed: int, floor: float = 0.3, points: int = POINTS
) -> np.ndarray:
    """Returns a loss that falls towards a floor as exp(-rate), with noise of its logarithm."""
    time = np.linspace(0, 1, points)
    clean = floor + 2 * np.exp(-rate * time)
    return clean * np.exp(np.random.default_rng(seed).normal(0, noise, points))


def unfinished(rate: float, noise: float, points: int = POINTS) -> float:
    curves = (curve(rate, noise, seed, points=points) for seed in range(200))
    judged = [improvement(losses, train_error=0.3) for losses in curves]
    known = [one for one in judged if one is not None]
    assert len(known) == 200
    return sum(one.unfinished for one in known) / 200


def test_a_curve_that_still_falls_is_seen() -> None:
    assert unfinished(rate=2, noise=0.02) > 0.95
    assert unfinished(rate=2, noise=0.05) > 0.8
    assert unfinished(rate=2, noise=0.02, points=10) > 0.95


@pytest.mark.parametrize("points", [8, 10, 12, POINTS])
@pytest.mark.parametrize("noise", [0.01, 0.05, 0.2])
def test_a_flat_curve_is_seldom_called_unfinished(noise: float, points: int) -> None:
    assert unfinished(rate=1e3, noise=noise, points=points) <= 0.06


def test_what_has_nothing_left_to_learn_is_finished() -> None:
    falling = curve(2, 0.0, 0, floor=0.0)
    judged = improvement(falling, train_error=0.0)
    assert judged is not None
    assert not judged.unfinished
    assert judged.fall == pytest.approx(1 - np.exp(-2 * 6 / 23), abs=1e-9)


def test_too_short_a_curve_says_nothing() -> None:
    assert improvement([1.0] * 7, train_error=0.5) is None
