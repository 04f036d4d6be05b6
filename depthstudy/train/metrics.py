"""What the metrics mean that training writes of every run, by the name under which it does."""

from __future__ import annotations

from collections.abc import Mapping

from depthstudy.records import Metric

TRAINING_METRICS: Mapping[str, tuple[Metric, ...]] = {
    "training": (
        Metric(
            name="loss",
            title="Train loss",
            unit="nats",
            scale="log",
            better="lower",
            description="mean over the latest steps of the loss of a step, with augmentation",
        ),
        Metric(
            name="error",
            title="Error while training",
            unit="fraction",
            better="lower",
            description="share of the images of the latest steps that were wrong",
        ),
        Metric(
            name="loss_scale",
            title="Loss scale",
            scale="log",
            description="what the loss is multiplied by so that float16 holds its gradients",
        ),
    ),
    "evaluation": (
        Metric(
            name="train_error",
            title="Train error",
            unit="fraction",
            better="lower",
            description="share of train images that are wrong, without augmentation",
        ),
        Metric(
            name="test_error",
            title="Test error",
            unit="fraction",
            better="lower",
            description="share of new images that are wrong",
        ),
        Metric(
            name="train_loss",
            title="Loss on the train split",
            unit="nats",
            scale="log",
            better="lower",
            description="mean cross-entropy on train images, without augmentation",
        ),
        Metric(
            name="test_loss",
            title="Loss on the test split",
            unit="nats",
            scale="log",
            better="lower",
            description="mean cross-entropy on new images",
        ),
    ),
    "run": (
        Metric(
            name="diverged_at_step",
            title="Diverged at step",
            unit="count",
            description="first step whose loss was not finite",
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
    ),
}
