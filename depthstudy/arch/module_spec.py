"""A user's own Flax module as a frozen, hashable value that survives JSON.

It names the class and its options, and nothing is imported: ``nets.build`` makes the net.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from depthstudy.arch.detection.spec import DetectorSpec
from depthstudy.arch.spec import ArchSpec
from depthstudy.errors import InputError

Option = bool | int | float | str | tuple[Any, ...] | None

_SET_BY_US = {"num_classes": "the data", "dtype": "config.train.precision"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModuleSpec:
    """A Flax module that is made as ``Class(num_classes=num_classes, **options)``.

    >>> spec = ModuleSpec(module="mynets.small:SmallNet", options=(("depth", 8),), num_classes=10)
    >>> spec.family, spec.option("depth")
    ('SmallNet', 8)
    >>> spec_from_json(spec.to_json()) == spec
    True

    Attributes:
      module: Where the class is, as ``"package.module:Class"``.
      options: Names and values of the class's options, sorted by name.
      num_classes: Number of logits.

    Raises:
      InputError: ``module`` is not of this form, or an option is what the program itself sets.
    """

    module: str
    options: tuple[tuple[str, Option], ...] = ()
    num_classes: int

    def __post_init__(self) -> None:
        """Checks the form and sorts the options."""
        path, _, name = self.module.partition(":")
        if not all(part.isidentifier() for part in (*path.split("."), name)):
            raise InputError(f"module {self.module!r} is not as 'package.module:Class'")
        for taken, instead in _SET_BY_US.items():
            if taken in dict(self.options):
                raise InputError(f"{self.module}: the option {taken!r} is set by {instead}")
        options = tuple(
            sorted((key, _hashable(value)) for key, value in dict(self.options).items())
        )
        object.__setattr__(self, "options", options)

    @property
    def family(self) -> str:
        """Name of the class."""
        return self.module.partition(":")[2]

    def option(self, name: str) -> Option:
        """Returns the value of an option, or ``None`` where it is left to the class."""
        return dict(self.options).get(name)

    def to_json(self) -> str:
        """Returns the value as JSON, one line."""
        plain = {"module": self.module, "options": dict(self.options)}
        return json.dumps({**plain, "num_classes": self.num_classes}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> ModuleSpec:
        """Returns the value that ``to_json`` wrote.

        Raises:
          ValueError: The text is not JSON of a module.
        """
        try:
            plain = json.loads(text)
            return cls(**{**plain, "options": tuple(plain["options"].items())})
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"not a module: {error}") from error


Spec = ArchSpec | DetectorSpec | ModuleSpec


def spec_from_json(text: str) -> Spec:
    """Returns the value that ``to_json`` of an architecture, a detector or a module wrote.

    Raises:
      ValueError: The text is JSON of none.
    """
    plain = json.loads(text)
    if isinstance(plain, dict) and "module" in plain:
        return ModuleSpec.from_json(text)
    is_detector = isinstance(plain, dict) and "backbone" in plain
    return DetectorSpec.from_json(text) if is_detector else ArchSpec.from_json(text)


def _hashable(value: Any) -> Option:
    return tuple(map(_hashable, value)) if isinstance(value, list | tuple) else value
