"""A named part of a net: which layers branch, shortcut and what is around them have."""

from __future__ import annotations

import dataclasses
from typing import Literal

from depthstudy.arch.layer_types import Activation, Dropout, Layers, Parallel, StochasticDepth
from depthstudy.arch.literals import ActivationKind

_IDEMPOTENT: tuple[ActivationKind, ...] = ("relu", "relu6", "linear")


@dataclasses.dataclass(frozen=True)
class Section:
    """A named part of a net: ``after(join(shortcut(x), branch(x)))`` with ``x = before(input)``.

    Attributes:
      path: Where its parameters are, as ``("stage2", "block07")``.
      before: Layers that branch and shortcut share.
      branch: Layers of the main path.
      shortcut: Layers of the shortcut, ``()`` for the identity and ``None`` where there is none.
      join: Whether shortcut and branch are added, or their channels put one behind the other.
      after: Layers that follow.
    """

    path: tuple[str, ...]
    branch: Layers
    before: Layers = ()
    shortcut: Layers | None = None
    join: Literal["add", "concat"] = "add"
    after: Layers = ()

    @property
    def is_stochastic(self) -> bool:
        """Whether it draws at random in training."""
        return _is_stochastic((*self.before, *self.branch, *(self.shortcut or ()), *self.after))

    @property
    def is_removable(self) -> bool:
        """Whether the section without its branch is what comes in, but for ``after``."""
        return self.shortcut == () and self.join == "add" and not self.before

    @property
    def passes_activated(self) -> bool:
        """Whether ``after`` leaves what it has given out before as it is, as a rectifier does."""
        return all(
            isinstance(layer, Activation) and layer.kind in _IDEMPOTENT for layer in self.after
        )


def _is_stochastic(layers: Layers) -> bool:
    return any(
        any(map(_is_stochastic, layer.paths))
        if isinstance(layer, Parallel)
        else isinstance(layer, Dropout | StochasticDepth)
        for layer in layers
    )
