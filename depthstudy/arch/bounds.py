"""Bounds of the numbers in an architecture's values."""

from __future__ import annotations

from depthstudy.errors import InputError


def check_least(whose: str, value: object, **least: int) -> None:
    """Refuses a value with a number below its least, or that is no number; ``None`` is allowed.

    Args:
      whose: What the value is, as ``"a block"``.
      value: Has the numbers as its attributes.
      **least: The least of each number, by its name.

    Raises:
      InputError: There is such a number.
    """
    for name, bound in least.items():
        number = getattr(value, name)
        if number is not None and not number >= bound:
            raise InputError(f"{whose} needs {name} of at least {bound}, it is {number}")


def whole(name: str, number: float) -> int:
    """Returns a number that is whole and at least 1, as which it may have been written ``8.0``.

    Raises:
      InputError: It is another.
    """
    if not (number >= 1 and number % 1 == 0):
        raise InputError(f"{name} must be at least 1 and whole, it is {number}")
    return int(number)


def check_shares(value: object, *names: str) -> None:
    """Refuses a value with a share that is not in [0, 1).

    Raises:
      InputError: There is such a share.
    """
    for name in names:
        share = getattr(value, name)
        if not 0 <= share < 1:
            raise InputError(f"{name} must be at least 0 and below 1, it is {share}")
