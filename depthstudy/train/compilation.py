"""Compiles both steps of a variant for the shapes that they will meet."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent import futures
from typing import Any, NamedTuple

import jax

from depthstudy import tasks
from depthstudy.config import TrainConfig
from depthstudy.data import Dataset, eval_batches
from depthstudy.train.placement.placements import Placement


class Compiled(NamedTuple):
    """Both steps, and the bytes that a train step takes on each device, as ``Program`` has them."""

    train_step: Any
    eval_step: Any
    memory: Mapping[str, float]


def compile_steps(
    steps: tuple[Any, Any],
    seed_states: Any,
    dataset: Dataset,
    config: TrainConfig,
    placement: Placement,
    *,
    options: Mapping[str, str],
) -> Compiled:
    """Returns the train step and the eval step compiled, and what the first takes.

    Args:
      steps: Both, as the placement has lifted them.
      seed_states: What the seeds of a group have, placed.
      dataset: What is learned.
      config: How it is trained.
      placement: Where the steps run.
      options: What XLA is told.
    """
    task = tasks.of(dataset)
    (group, *_) = placement.groups([0])
    batch = next(
        placement.train_batches(dataset, batch_size=config.batch_size, seeds=group, start=0, stop=1)
    )
    label = task.label
    if batch.labels.dtype != label.dtype or not _ends_with(batch.labels.shape, label.shape):
        raise ValueError(f"labels of {dataset.name} are no labels of {task.name}")
    sharding = placement.batch_sharding
    eval_size = placement.whole_batch(config.eval_batch_size)
    weighted = next(eval_batches(dataset.test, batch_size=eval_size, sharding=sharding))
    train_step, eval_step = steps
    with futures.ThreadPoolExecutor() as pool:  # traces one while XLA is at the other
        training = pool.submit(train_step.lower(seed_states, batch).compile, dict(options))
        evaluation = pool.submit(eval_step.lower(seed_states, weighted).compile, dict(options))
    train_program, eval_program = training.result(), evaluation.result()
    are_many = placement.platform == "cpu" and jax.device_count() > 1
    call = _OneByOne if are_many else _as_it_is
    return Compiled(call(train_program), call(eval_program), _memory(train_program))


def _as_it_is(step: Any) -> Any:
    return step


class _OneByOne:
    """A step that waits for its end, as steps in flight on several CPUs may never end.

    Those that wait to start take the threads of XLA's pool from a step whose devices wait for each
    other, and gloo hangs likewise.
    """

    def __init__(self, step: Any) -> None:
        self._step = step
        self.as_text = step.as_text

    def __call__(self, *arguments: Any) -> Any:
        return jax.block_until_ready(self._step(*arguments))


def _ends_with(shape: tuple[int, ...], end: tuple[int, ...]) -> bool:
    return shape[len(shape) - len(end) :] == end


def _memory(compiled: Any) -> dict[str, float]:
    """Returns what a compiled step takes on each device; empty where the backend does not tell."""
    try:
        sizes = compiled.memory_analysis()
    except NotImplementedError:
        sizes = None
    if sizes is None:
        return {}
    outputs = sizes.output_size_in_bytes - sizes.alias_size_in_bytes
    total = sizes.argument_size_in_bytes + outputs + sizes.temp_size_in_bytes
    return {
        "step_memory_bytes": float(total),
        "step_temporary_bytes": float(sizes.temp_size_in_bytes),
    }
