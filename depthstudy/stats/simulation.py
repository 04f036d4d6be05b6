"""The level and the power of the methods, by simulated studies whose truth is known.

``python -m depthstudy.stats.simulation`` prints the table of ``docs/method.md``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import special

from depthstudy.stats.effects.arm import Arm, Floats
from depthstudy.stats.effects.contrast import Contrast
from depthstudy.stats.effects.from_arms import contrast
from depthstudy.stats.effects.moderation import fit_prior

IMAGES = 360
Draw = np.random.Generator


class Scenario(NamedTuple):
    """A kind of study: how its runs err, and by how much its first net does worse in truth."""

    title: str
    arms: Callable[[Draw, int, int], list[Arm]]
    truth: float = 0.0
    seeds: tuple[int, ...] = (3, 5, 20)


def counted(errors: Floats) -> Arm:
    """Returns the arm of ``errors[studies, seeds]`` that are counted on 360 images."""
    rounded = np.round(np.clip(errors, 0.0, 1.0) * IMAGES) / IMAGES
    return Arm(rounded, IMAGES, fraction=True)


def answered(draw: Draw, chances: Floats, seeds: int) -> Arm:
    """Returns the arm of runs that err on each image with ``chances[studies, images]``."""
    studies, images = chances.shape
    return Arm.of_predictions(draw.random((studies, seeds, images)) < chances[:, None])


def _normal(*spreads: float, gain: float = 0.0) -> Callable[[Draw, int, int], list[Arm]]:
    def arms(draw: Draw, studies: int, seeds: int) -> list[Arm]:
        shifts = [gain, *[0.0] * (len(spreads) - 1)]
        return [
            counted(0.1 + shift + draw.normal(0, spread, (studies, seeds)))
            for spread, shift in zip(spreads, shifts, strict=True)
        ]

    return arms


def _failing(*rates: float) -> Callable[[Draw, int, int], list[Arm]]:
    def arms(draw: Draw, studies: int, seeds: int) -> list[Arm]:
        size = (studies, seeds)
        good = [draw.normal(0.04, 0.01, size) for _ in rates]
        fails = [draw.random(size) < rate for rate in rates]
        return [counted(np.where(f, 0.9, g)) for f, g in zip(fails, good, strict=True)]

    return arms


def _skewed(*sigmas: float) -> Callable[[Draw, int, int], list[Arm]]:
    def arms(draw: Draw, studies: int, seeds: int) -> list[Arm]:
        logs = [s * draw.normal(size=(studies, seeds)) - s * s / 2 for s in sigmas]
        return [counted(0.06 * np.exp(each)) for each in logs]

    return arms


def _images(gain: float = 0.0) -> Callable[[Draw, int, int], list[Arm]]:
    """Returns nets that err on 4% of all images, each net on some of its own."""

    def arms(draw: Draw, studies: int, seeds: int) -> list[Arm]:
        shared = draw.normal(0, 1.2, (studies, IMAGES))
        nets = [draw.normal(0, 1.0, (studies, IMAGES)) for _ in range(2)]
        base = -4.33  # the mean chance is then 4%
        return [
            answered(draw, special.expit(base + shift + shared + by_net), seeds)
            for by_net, shift in zip(nets, (gain, 0.0), strict=True)
        ]

    return arms


SCENARIOS = (
    Scenario("normal errors, two nets", _normal(0.01, 0.01)),
    Scenario("normal errors, six nets", _normal(*[0.01] * 6)),
    Scenario("4% of 360 images, images drawn anew", _images(), seeds=(3, 5, 20)),
    Scenario("one run in eight fails, in both nets", _failing(1 / 8, 1 / 8), seeds=(3, 5, 10, 20)),
    Scenario("the same, six nets", _failing(*[1 / 8] * 6), seeds=(3, 5)),
    Scenario("lognormal errors in both nets (0.7)", _skewed(0.7, 0.7)),
    Scenario("lognormal errors in one net (0.7 and 0.1)", _skewed(0.7, 0.1)),
    Scenario("spread 3:1", _normal(0.03, 0.01)),
    Scenario("spread 4:1 beside four others", _normal(0.04, *[0.01] * 5)),
    Scenario("failures in one net only, true difference", _failing(1 / 8, 0.0), 0.1075, (3, 5, 20)),
)
POWER = (
    Scenario("worse by two spreads, two nets", _normal(0.01, 0.01, gain=0.02)),
    Scenario("worse by two spreads, six nets", _normal(*[0.01] * 6, gain=0.02)),
    Scenario("worse by three spreads, six nets", _normal(*[0.01] * 6, gain=0.03), seeds=(3,)),
)


def effect(scenario: Scenario, draw: Draw, studies: int, seeds: int) -> Contrast:
    """Returns the first net's error minus the second's, in each of so many studies."""
    arms = scenario.arms(draw, studies, seeds)
    return contrast(arms[:2], [1.0, -1.0], fit_prior(arms))


def decided(difference: Contrast, boundary: float = 0.0, level: float = 0.05) -> float:
    """Returns the share of studies that decide for either side of ``boundary``."""
    p = 2 * np.minimum(difference.p_greater(boundary), difference.p_less(boundary))
    return float(np.mean(p <= level))


def paired_decided(arms: list[Arm], boundary: float = 0.0, level: float = 0.05) -> float:
    """Returns the share of studies that the paired t test decides, for comparison."""
    differences = arms[0].values - arms[1].values - boundary
    spread = np.maximum(differences.std(axis=-1, ddof=1), 1e-12)
    t = np.abs(differences.mean(axis=-1)) / spread * np.sqrt(differences.shape[-1])
    return float(np.mean(2 * special.stdtr(differences.shape[-1] - 1, -t) <= level))


def table(studies: int = 2000, seed: int = 0) -> str:
    """Returns the share of studies that decide, as rows of Markdown."""
    lines = ["| study | seeds | decided | paired t test |", "| --- | --- | --- | --- |"]
    for scenario in (*SCENARIOS, *POWER):
        for seeds in scenario.seeds:
            many = studies if scenario.arms.__qualname__.split(".")[0] != "_images" else 400
            arms = scenario.arms(np.random.default_rng(seed), many, seeds)
            share = decided(
                effect(scenario, np.random.default_rng(seed), many, seeds), scenario.truth
            )
            paired = paired_decided(arms, scenario.truth)
            lines.append(f"| {scenario.title} | {seeds} | {share:.3f} | {paired:.3f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
