"""Fields and the values that they take: a grid has each once."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from depthstudy.config import Settings, StudyConfig, Value
from depthstudy.errors import InputError
from depthstudy.evidence.choice.halving import Grid


def points(study: StudyConfig) -> list[Settings]:
    """Returns the product of the values in ``sweep``, the last field changing fastest; checks it.

    >>> points(StudyConfig(sweep=(("seeds", (1, 2)), ("train.steps", (5,)))))
    [(('seeds', 1), ('train.steps', 5)), (('seeds', 2), ('train.steps', 5))]

    Raises:
      InputError: A field or a value stands twice, or a field has no values.
    """
    check_grid("config.sweep", study.sweep)
    fields = [field for field, _ in study.sweep]
    if not fields:
        return []
    products = itertools.product(*(values for _, values in study.sweep))
    return [tuple(zip(fields, point, strict=True)) for point in products]


def check_grid(path: str, grid: Grid) -> None:
    """Checks the fields of a grid, and how many values each has.

    Args:
      path: Name of the grid in the config.
      grid: Fields, and the values that they take.

    Raises:
      InputError: A field or a value stands twice, or a field has no values.
    """
    check_fields_once(path, [field for field, _ in grid])
    for field, values in grid:
        if not values:
            raise InputError(f"{path} gives {field} no values")
        if any(_is_same(one, other) for one, other in itertools.combinations(values, 2)):
            raise InputError(f"{path} gives {field} a value twice: {values}")


def check_fields_once(path: str, fields: Sequence[str]) -> None:
    """Raises InputError where one of two values of a field would be dropped."""
    for field in fields:
        if fields.count(field) > 1:
            raise InputError(f"{path} names {field} twice")


def _is_same(one: Value, other: Value) -> bool:
    """Returns whether values are equal: 1 and 1.0 are, 1 and True are not."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)
