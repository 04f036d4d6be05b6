"""depthstudy: when and why deeper convolutional nets do worse, and what repairs it.

Train nets of several depths on arrays, read what the study says, and take the net:

>>> import depthstudy as ds
>>> result = ds.study(images, labels, depths=(8, 20, 44))  # doctest: +SKIP
>>> result.means  # doctest: +SKIP
>>> net = result.recommend()  # doctest: +SKIP
>>> net.predict("photo.png").predicted  # doctest: +SKIP
('cat',)

The net of any study or run, from its folder alone, and studies side by side:

>>> net = ds.load("results/quickstart")  # doctest: +SKIP
>>> ds.compare("results/one", "results/other").errors  # doctest: +SKIP

An architecture is a value, whose costs follow without building it:

>>> ds.arch.cost(ds.arch.build("resnet", depth=50), (224, 224, 3)).parameters
25557032

``depthstudy run quickstart`` is the same from the command line; ``depthstudy --help`` has the rest.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from depthstudy.errors import InputError

if TYPE_CHECKING:
    from depthstudy import arch, nets, study
    from depthstudy.deploy import load
    from depthstudy.report import compare

__version__ = "0.1.0"
__all__ = ["InputError", "__version__", "arch", "compare", "load", "nets", "study"]

_FUNCTIONS = {"compare": "depthstudy.report", "load": "depthstudy.deploy"}
_PACKAGES = ("arch", "nets", "study")


def __getattr__(name: str) -> Any:
    """Imports what is asked for, so that ``import depthstudy`` alone loads neither JAX nor data."""
    if name in _FUNCTIONS:
        return getattr(importlib.import_module(_FUNCTIONS[name]), name)
    if name in _PACKAGES:
        return importlib.import_module(f"depthstudy.{name}")
    raise AttributeError(f"module 'depthstudy' has no attribute {name!r}")


def __dir__() -> list[str]:
    """Returns the public names, whether they are imported yet or not."""
    return sorted(__all__)
