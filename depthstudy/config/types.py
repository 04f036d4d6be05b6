"""Types of settings, with the bounds that are checked when a config is parsed."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

Count = Annotated[int, msgspec.Meta(ge=1)]
Natural = Annotated[int, msgspec.Meta(ge=0)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
NonNegative = Annotated[float, msgspec.Meta(ge=0)]
Fraction = Annotated[float, msgspec.Meta(ge=0, le=1)]
Part = Annotated[float, msgspec.Meta(ge=0, lt=1)]
Share = Annotated[float, msgspec.Meta(gt=0, le=1)]

Value = bool | int | float | str | tuple[Any, ...] | None
Settings = tuple[tuple[str, Value], ...]  # pairs of a dotted field and its value
Mechanism = Literal[
    "optimization", "overfitting", "redundancy", "receptive_field", "budget", "recipe"
]
