"""What the metrics mean that training writes of every run, by the name under which it does."""

from __future__ import annotations

from collections.abc import Mapping

from depthstudy.records import Metric
from depthstudy.tasks import LearningTask


def training_metrics(task: LearningTask) -> Mapping[str, tuple[Metric, ...]]:
    """Returns the metrics of a run's ``"training"`` and ``"evaluation"``, and of its ``"run"``."""
    return {
        "training": (*task.step_metrics, _LOSS_SCALE),
        "evaluation": task.split_metrics,
        "run": _RUN_METRICS,
    }


_LOSS_SCALE = Metric(
    name="loss_scale",
    title="Loss scale",
    scale="log",
    description="what the loss is multiplied by so that float16 holds its gradients",
)
_RUN_METRICS = (
    Metric(
        name="diverged_at_step",
        title="Diverged at step",
        unit="count",
        description="first step whose loss, or what it left of the net, was not finite",
    ),
    Metric(
        name="skipped_steps",
        title="Skipped steps",
        unit="count",
        better="lower",
        description="steps not taken as a float16 gradient was not finite",
    ),
    Metric(
        name="train_seconds",
        title="Time in train steps",
        unit="s",
        better="lower",
        description="wall time of all train steps so far",
    ),
    Metric(
        name="data_seconds",
        title="Time waiting for data",
        unit="s",
        better="lower",
        description="wall time of all train steps in which the next batch was waited for",
    ),
    Metric(
        name="eval_seconds",
        title="Time in evaluations",
        unit="s",
        better="lower",
        description="wall time of all evaluations so far",
    ),
    Metric(
        name="step_memory_bytes",
        title="Memory of a train step",
        unit="bytes",
        better="lower",
        description="bytes on each device that a train step takes in all",
    ),
    Metric(
        name="step_temporary_bytes",
        title="Temporary memory of a train step",
        unit="bytes",
        better="lower",
        description="bytes on each device that a train step takes beside its state and batch",
    ),
)
