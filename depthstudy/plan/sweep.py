"""From the sweep of a config to the settings of each of its points."""

from __future__ import annotations

import itertools

from depthstudy.config import Settings, StudyConfig
from depthstudy.errors import InputError


def points(study: StudyConfig) -> list[Settings]:
    """Returns the product of the values in ``sweep``, the last field changing fastest.

    >>> points(StudyConfig(sweep=(("seeds", (1, 2)), ("train.steps", (5,)))))
    [(('seeds', 1), ('train.steps', 5)), (('seeds', 2), ('train.steps', 5))]

    Raises:
      InputError: A field or a value stands twice, or a field has no values.
    """
    fields = [field for field, _ in study.sweep]
    for field, values in study.sweep:
        if fields.count(field) > 1:
            raise InputError(f"config.sweep names {field} twice")
        if not values:
            raise InputError(f"config.sweep gives {field} no values")
        if len(set(map(repr, values))) < len(values):
            raise InputError(f"config.sweep gives {field} a value twice: {values}")
    if not fields:
        return []
    products = itertools.product(*(values for _, values in study.sweep))
    return [tuple(zip(fields, point, strict=True)) for point in products]
