"""Schedules: after which steps a net is pruned, how far, and what is rewound then.

A schedule is a value; ``rewinding`` adds rewinding to any of them.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from typing import Literal

import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array

from depthstudy.errors import InputError

Rewind = Literal["none", "rate", "weights"]


@dataclasses.dataclass(frozen=True)
class Schedule:
    """Rounds of pruning.

    Attributes:
      steps: After how many steps of training each round takes place.
      sparsities: Share of the weights that is gone after each round.
      rewind: What goes back to an early step after each round: nothing, the learning rate, or the
        learning rate and the weights.
      rewind_to: That step.
    """

    steps: tuple[int, ...]
    sparsities: tuple[float, ...]
    rewind: Rewind = "none"
    rewind_to: int = 0

    def __post_init__(self) -> None:
        """Checks the numbers."""
        if not self.steps or len(self.steps) != len(self.sparsities):
            raise InputError("a pruning schedule needs a step and a sparsity for every round")
        if self.steps[0] < 1 or any(a >= b for a, b in itertools.pairwise(self.steps)):
            raise InputError(f"pruning steps must rise from at least 1, they are {self.steps}")
        if any(not 0 <= sparsity < 1 for sparsity in self.sparsities):
            raise InputError(f"sparsity must be at least 0 and below 1, it is {self.sparsities}")
        if list(self.sparsities) != sorted(self.sparsities):
            raise InputError(f"sparsity must not fall from round to round: {self.sparsities}")
        if not 0 <= self.rewind_to <= self.steps[0]:
            raise InputError(
                f"cannot rewind to step {self.rewind_to}; the first round is at {self.steps[0]}"
            )


def one_shot(sparsity: float, *, step: int) -> Schedule:
    """Returns a single round after ``step`` steps."""
    return Schedule((step,), (sparsity,))


def cubic(sparsity: float, *, start: int, stop: int, every: int) -> Schedule:
    """Returns rounds that prune much at first and ever less (Zhu & Gupta 2017, arXiv 1710.01878).

    Args:
      sparsity: Share of the weights that is gone in the end.
      start: Step from which the sparsity grows from 0.
      stop: Step of the last round.
      every: Steps between rounds.

    Raises:
      InputError: The steps are not in order.
    """
    if not 0 <= start < stop or every < 1:
        raise InputError(f"cubic needs 0 <= start < stop and every >= 1, not {start, stop, every}")
    steps = (*range(start + every, stop, every), stop)
    shares = [(step - start) / (stop - start) for step in steps]
    return Schedule(steps, tuple(sparsity * (1 - (1 - share) ** 3) for share in shares))


def iterative(sparsity: float, *, steps: Sequence[int]) -> Schedule:
    """Returns rounds that each take the same share of what is left (Frankle & Carbin 2019).

    Args:
      sparsity: Share of the weights that is gone in the end.
      steps: After how many steps each round takes place.
    """
    rounds = len(steps)
    left = [(1 - sparsity) ** ((i + 1) / rounds) for i in range(rounds - 1)]
    return Schedule(tuple(steps), (*(1 - share for share in left), sparsity))


def rewinding(schedule: Schedule, rewind: Rewind, *, to: int = 0) -> Schedule:
    """Returns the schedule with rewinding after each round.

    Renda et al. 2020 (arXiv 2003.02389) rewind the learning rate and go on with the weights there
    are; Frankle et al. 2020 (arXiv 1912.05671) rewind both.
    """
    return dataclasses.replace(schedule, rewind=rewind, rewind_to=to)


def rewound(rate: optax.Schedule, schedule: Schedule) -> optax.Schedule:
    """Returns the learning rate with the schedule's rewinding in it.

    After a round the rate is what it was after step ``rewind_to``, and goes on from there.
    """
    if schedule.rewind == "none":
        return rate
    starts = np.array([0, *schedule.steps])
    offsets = np.array([0, *[schedule.rewind_to] * len(schedule.steps)])

    def at(step: Array) -> Array:
        step = jnp.asarray(step)
        number = jnp.searchsorted(jnp.asarray(starts), step, side="right") - 1
        return jnp.asarray(rate(step - jnp.asarray(starts)[number] + jnp.asarray(offsets)[number]))

    return at
