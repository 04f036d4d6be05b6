"""How a group of nets does on a split: loss, error, and what it makes of each example."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Float64

from depthstudy import tasks
from depthstudy.data import Split, eval_batches
from depthstudy.tasks import Task
from depthstudy.train.program import Program


class SplitResult(NamedTuple):
    """A net on a split, every example counted once.

    Attributes:
      loss: Mean loss in nats.
      results: What the task keeps of each example, in the order of the split.
      task: The task.
    """

    loss: float
    results: Any
    task: Task

    @property
    def metrics(self) -> dict[str, float]:
        """Mean loss, error and what else the task says of a split."""
        return {"loss": self.loss, **self.task.summarize(self.results)}

    @property
    def errors(self) -> Float64[np.ndarray, " N"]:
        """Error of each example, in the order of the split."""
        return self.task.example_errors(self.results)


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
    """
    batches = eval_batches(
        split,
        batch_size=program.config.eval_batch_size,
        limit=limit,
        sharding=program.placement.batch_sharding,
    )
    placed = [program.eval_step(seed_states, weighted) for weighted in batches]
    count = len(split) if limit is None else min(limit, len(split))
    task, results = tasks.of(program.dataset), []
    for parts in program.placement.fetch(placed, size):
        loss = sum(float(part.loss) for part in parts)
        kept = jax.tree.map(lambda *x: np.concatenate(x)[:count], *[p.results for p in parts])
        results.append(SplitResult(loss / count, kept, task))
    return results
