"""What a net learns: loss, errors, chance and metrics of a task, in one place for each task."""

from depthstudy.tasks.balance import balanced_error, effective_count
from depthstudy.tasks.classification import Classification
from depthstudy.tasks.detection import Detection
from depthstudy.tasks.task import TASKS, LearningTask, of

__all__ = [
    "TASKS",
    "Classification",
    "Detection",
    "LearningTask",
    "balanced_error",
    "effective_count",
    "of",
]
