"""A study in three calls: plan it, execute it, conclude from it.

The package itself can be called: ``depthstudy.study(images, labels)`` is ``notebook.study``.
"""

import importlib
import sys
import types
from typing import Any

from depthstudy.study.conclusions.conclude import Result
from depthstudy.study.conclusions.text import conclusion
from depthstudy.study.forecast.describe import describe, describe_parts
from depthstudy.study.run import run

__all__ = ["Result", "conclusion", "describe", "describe_parts", "run"]


class _Callable(types.ModuleType):
    """A package that is also the function of its name, of which ``import depthstudy`` knows."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Trains nets of several depths on arrays; see ``depthstudy.notebook.study``."""
        return importlib.import_module("depthstudy.notebook").study(*arguments, **options)


sys.modules[__name__].__class__ = _Callable
