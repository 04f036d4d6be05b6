"""What stands for whatever a pickle names beside tensors: it takes everything and does nothing."""

from __future__ import annotations

from typing import Any


class Placeholder:
    """An object of a class that was not loaded, as an optimizer's or ``argparse.Namespace``.

    Attributes:
      reference: Module and name of the class or function.
    """

    reference = ""

    def __new__(cls, *args: Any, **kwargs: Any) -> Placeholder:
        """Takes whatever the class would take."""
        return super().__new__(cls)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Keeps nothing."""

    def __setstate__(self, state: Any) -> None:
        """Keeps nothing."""

    def __setitem__(self, key: Any, value: Any) -> None:
        """Keeps nothing."""

    def append(self, item: Any) -> None:
        """Keeps nothing."""

    def extend(self, items: Any) -> None:
        """Keeps nothing."""

    def add(self, item: Any) -> None:
        """Keeps nothing."""

    def __hash__(self) -> int:
        """It may be a key."""
        return id(self)


def placeholder(module: str, name: str) -> type[Placeholder]:
    """Returns a class that stands for one of this name.

    >>> placeholder("argparse", "Namespace")(lr=0.1).reference
    'argparse.Namespace'
    """
    return type(name, (Placeholder,), {"reference": f"{module}.{name}"})
