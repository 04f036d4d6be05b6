"""What training, probes and reports ask of a task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

import jax
import numpy as np
from jaxtyping import Array, Float, Float64

from depthstudy.config import DataConfig
from depthstudy.data import Dataset
from depthstudy.errors import InputError
from depthstudy.records import Metric
from depthstudy.tasks.classification import Classification
from depthstudy.tasks.detection import Detection


@runtime_checkable
class LearningTask(Protocol):
    """A frozen, hashable value, so that compiled functions take it as a static argument."""

    @property
    def name(self) -> str:
        """The word for it."""

    @property
    def counts_images(self) -> bool:
        """Whether an error is the share of the examples that are wrong."""

    @property
    def label(self) -> jax.ShapeDtypeStruct:
        """Shape and type of one example's label."""

    @property
    def step_metrics(self) -> tuple[Metric, ...]:
        """What a train step says of its batch: the metrics ``loss`` and ``error``."""

    @property
    def split_metrics(self) -> tuple[Metric, ...]:
        """What an evaluation says: the same of either split, as ``train_loss``, ``test_error``."""

    @property
    def chance_error(self) -> float:
        """Error of a net that guesses; what a run that diverged counts as having."""

    @property
    def count_offset(self) -> float:
        """What is added to the counts of ``loss_terms``, all together."""

    def majority_error(self, labels: np.ndarray) -> float:
        """Returns the error of the best answer that is the same for every example."""

    def loss(self, outputs: Any, labels: Any, smoothing: float = 0.0) -> Float[Array, " B"]:
        """Returns each example's loss, the targets smoothed by a share; their mean is the batch's.

        What an example has may depend on the others of its batch; ``loss_terms`` does not.
        """

    def loss_terms(
        self, outputs: Any, labels: Any
    ) -> tuple[Float[Array, " B"], Float[Array, " B"]]:
        """Returns each example's undivided loss, and for how much it counts.

        The mean loss of any examples is the sum of their losses over the sum of their counts and
        ``count_offset``, in however many batches they come.
        """

    def augment(self, images: Any, labels: Any, *, key: Any, config: DataConfig) -> tuple[Any, Any]:
        """Returns images that are changed at random, as ``config`` asks, and their labels."""

    def errors(self, outputs: Any, labels: Any) -> Float[Array, " B"]:
        """Returns each example's error: 0 where the net is right, 1 where it is wrong.

        It is taken at every step. Of a task that does not count images it is a stand-in, in [0, 1].
        """

    def summarize(
        self, errors: np.ndarray, answers: Mapping[str, np.ndarray]
    ) -> tuple[Float64[np.ndarray, " N"], dict[str, float]]:
        """Returns the error of each example of a split, and what is said of the split.

        Args:
          errors: What ``errors`` gave of each example.
          answers: What ``answers`` gave of each.

        Returns:
          An error of each example, and ``error`` and others by name, NaN where one is unknown.
        """

    def answers(self, outputs: Any, labels: Any) -> Mapping[str, Array]:
        """Returns what is kept of each test example beside its error, by name, ``[B, ...]`` each.

        ``label``, ``predicted`` and ``confidence`` are what the pages on mistakes read. A task
        whose answers are no classes returns nothing.
        """


TASKS: Mapping[str, Callable[[Dataset], LearningTask]] = {
    "classification": lambda dataset: Classification(dataset.num_classes),
    "detection": lambda dataset: Detection(
        dataset.num_classes, dataset.max_objects, dataset.image_shape[:2]
    ),
}


def of(dataset: Dataset) -> LearningTask:
    """Returns the task that a data set sets.

    >>> from depthstudy import config, data
    >>> of(data.load(config.DataConfig(name="digits")))
    Classification(num_classes=10)

    Raises:
      InputError: There is no such task.
    """
    if dataset.task not in TASKS:
        raise InputError(
            f"{dataset.name} sets the task {dataset.task!r}; allowed: {', '.join(TASKS)}"
        )
    return TASKS[dataset.task](dataset)
