"""Studies of arrays, for notebooks: ``depthstudy.study(images, labels)``."""

from depthstudy.notebook.result import Figures, StudyResult
from depthstudy.notebook.study import study

__all__ = ["Figures", "StudyResult", "study"]
