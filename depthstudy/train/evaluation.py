"""How a group of nets does on a split: loss, error, and what it makes of each example."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float64

from depthstudy import interruption, tasks
from depthstudy.data import Split, eval_batches
from depthstudy.train.program import Program


class SplitResult(NamedTuple):
    """A net on a split, every example counted once.

    Attributes:
      loss: Mean loss in nats, of all examples as if they were one batch.
      errors: Error of each example, in the order of the split.
      answers: What the task keeps of each example beside it, by name.
      summary: The error of the split by name, and what else the task says of it.
    """

    loss: float
    errors: Float64[np.ndarray, " N"]
    answers: Mapping[str, np.ndarray]
    summary: Mapping[str, float]

    @property
    def metrics(self) -> dict[str, float]:
        """Mean loss and errors by the names that a task gives them."""
        return {"loss": self.loss, **self.summary}


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
        batch_size=program.placement.whole_batch(program.config.eval_batch_size),
        limit=limit,
        sharding=program.placement.batch_sharding,
    )
    placed = []
    for weighted in batches:
        placed.append(program.eval_step(seed_states, weighted))
        interruption.check()
    count = len(split) if limit is None else min(limit, len(split))
    task, results = tasks.of(program.dataset), []
    for parts in program.fetch(placed, size):
        loss = sum(float(part.loss) for part in parts)
        divisor = sum(float(part.loss_count) for part in parts) + task.count_offset
        errors = np.concatenate([part.errors for part in parts])[:count]
        answers = {
            name: np.concatenate([part.answers[name] for part in parts])[:count]
            for name in parts[0].answers
        }
        errors, summary = task.summarize(errors.astype(np.float64), answers)
        results.append(SplitResult(loss / divisor, errors, answers, summary))
    return results
