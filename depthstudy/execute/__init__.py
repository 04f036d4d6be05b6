"""Does the runs of a study: trains and measures them, here or in processes side by side."""

from depthstudy.execute.measurement import measure
from depthstudy.execute.training import Effort, check, train_all

__all__ = ["Effort", "check", "measure", "train_all"]
