"""The steps at which a training stops to record, to evaluate and to save."""

from __future__ import annotations

from depthstudy.config import TrainConfig


def evaluation_steps(config: TrainConfig, steps: int) -> list[int]:
    """Returns the steps after which a net is evaluated, the last step among them."""
    count = min(config.evaluations, steps)
    return [round(steps * i / count) for i in range(1, count + 1)]


def early_step(config: TrainConfig, steps: int) -> int:
    """Returns the step, about a twentieth of the training, at which a net is saved for good."""
    return next(stop for stop in stops(config, steps) if stop >= steps / 20)


def stops(config: TrainConfig, steps: int) -> list[int]:
    """Returns the steps after which something is recorded."""
    logs = range(0, steps, config.log_every)
    return sorted({*logs, *evaluation_steps(config, steps)} - {0})


def stop_before(config: TrainConfig, steps: int, step: int) -> int:
    """Returns the last of the stops before a step, or 0."""
    return max((stop for stop in stops(config, steps) if stop < step), default=0)
