"""How a group of nets does on a split: mean loss, mean error, and which examples are wrong."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float64

from depthstudy import interruption
from depthstudy.data import Split, eval_batches
from depthstudy.train.program import Program


class SplitResult(NamedTuple):
    """A net on a split, every example counted once.

    Attributes:
      loss: Mean loss in nats.
      errors: Error of each example, in the order of the split.
    """

    loss: float
    errors: Float64[np.ndarray, " N"]

    @property
    def metrics(self) -> dict[str, float]:
        """Mean loss and error by the names that a task gives them."""
        return {"loss": self.loss, "error": float(self.errors.mean())}


def evaluate(
    program: Program, seed_states: Any, split: Split, size: int, limit: int | None = None
) -> list[SplitResult]:
    """Returns how each net of a group does on a split, in eval mode.

    Args:
      program: The compiled variant.
      seed_states: The nets, as the program's placement has placed them.
      split: The split.
      size: Number of nets.
      limit: Evaluates this many examples, at equal distances in the split; ``None`` is all.

    Raises:
      InterruptedByUserError: The process was asked to end.
    """
    batches = eval_batches(
        split,
        batch_size=program.config.eval_batch_size,
        limit=limit,
        sharding=program.placement.batch_sharding,
    )
    placed = []
    for weighted in batches:
        placed.append(program.eval_step(seed_states, weighted))
        interruption.check()
    count = len(split) if limit is None else min(limit, len(split))
    results = []
    for parts in program.placement.fetch(placed, size):
        loss = sum(float(part.loss) for part in parts)
        errors = np.concatenate([part.errors for part in parts])[:count]
        results.append(SplitResult(loss / count, errors.astype(np.float64)))
    return results
