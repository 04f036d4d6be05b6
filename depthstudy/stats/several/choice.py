"""The error of what was chosen for its small error.

Of many nets that are equally good, the one with the least error had luck. Bootstrapping the choice
(Tsamardinos, Greasidou & Borboudakis 2018, "Bootstrapping the out-of-sample predictions for
efficient and accurate cross-validation") tells how much: choose on drawn images and runs, look at
what was chosen on the images and runs that were not drawn.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from depthstudy.stats.effects.arm import Arm


def optimism(arms: Sequence[Arm], *, draws: int = 400, seed: int = 0) -> float:
    """Returns by how much the error of what is chosen of ``arms`` is too small for the choice.

    Chosen is the first whose mean error is within one standard error of the least.

    >>> wrong = np.random.default_rng(0).random((10, 3, 200)) < 0.05
    >>> 0.0 <= optimism([Arm.of_predictions(each) for each in wrong]) < 0.02
    True

    Args:
      arms: The nets to choose from, the one to prefer first. Images are drawn where all have
        ``wrong``, the same for all that have the same; runs are drawn in any case.
      draws: Number of bootstrap samples.
      seed: Seed of the draws; equal seeds give equal numbers.

    Returns:
      The mean error of what a sample chooses, outside this sample, over the mean error of what is
      chosen of all; zero or more.
    """
    if len(arms) < 2 or min(arm.seeds for arm in arms) < 1:
        return 0.0
    draw = np.random.default_rng(seed)
    known = all(arm.wrong is not None for arm in arms)
    images = {arm.image_key: (np.ones((draws, 1)), np.ones((draws, 1))) for arm in arms}
    if known:
        first = {arm.image_key: arm for arm in reversed(arms)}
        images = {key: _drawn_images(first[key], draws, draw) for key in images}
    inside, outside = np.empty((draws, len(arms))), np.empty((draws, len(arms)))
    for place, arm in enumerate(arms):
        answers = arm.values[:, None] if not known or arm.wrong is None else arm.wrong * 1.0
        runs = draw.multinomial(arm.seeds, np.full(arm.seeds, 1 / arm.seeds), size=draws)
        rest = (runs == 0).astype(np.float64)
        rest[rest.sum(axis=1) == 0] = 1.0
        drawn, left = images[arm.image_key]
        inside[:, place] = _mean(runs.astype(np.float64), answers, drawn)
        outside[:, place] = _mean(rest, answers, left)
    means = np.array([float(arm.mean) for arm in arms])
    # The standard error of each difference to the best, as the draws have it.
    errors = (inside - inside[:, [means.argmin()]]).std(axis=0)
    chosen = (inside <= inside.min(axis=1, keepdims=True) + errors).argmax(axis=1)
    taken = means[(means <= means.min() + errors).argmax()]
    return max(0.0, float(outside[np.arange(draws), chosen].mean()) - float(taken))


def _drawn_images(
    arm: Arm, draws: int, draw: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:  # [draws, images] each
    """Returns how much each image counts that is drawn, and how much each that is not.

    As many of each class are drawn as there are, where classes count alike, and none counts more.
    """
    drawn, left = np.empty((draws, arm.answered or 0)), np.empty((draws, arm.answered or 0))
    for images in arm.strata:
        count = drawn[:, images].shape[1]
        times = draw.multinomial(count, np.full(count, 1 / count), size=draws).astype(np.float64)
        rest = (times == 0).astype(np.float64)
        rest[rest.sum(axis=1) == 0] = 1.0
        drawn[:, images] = times / times.sum(axis=1, keepdims=True)
        left[:, images] = rest / rest.sum(axis=1, keepdims=True)
    return drawn, left


def _mean(
    runs: np.ndarray, answers: np.ndarray, images: np.ndarray
) -> np.ndarray:  # [draws, runs], [runs, images], [draws, images]
    weighted = ((runs @ answers) * images).sum(axis=1)
    return weighted / (runs.sum(axis=1) * images.sum(axis=1))
