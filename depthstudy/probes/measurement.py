"""What a probe gives: one number, and those of single images that it is made of."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

Statistic = Callable[[Float64[np.ndarray, "draws k"]], Float64[np.ndarray, " draws"]]


@dataclasses.dataclass(frozen=True, eq=False)
class Sample:
    """Numbers of images, and what a measurement makes of their means.

    Attributes:
      groups: For each set of images that is drawn by itself, as the train and the test split, the
        numbers of each image, ``[images, numbers]``. Samples that share this very tuple are drawn
        together.
      statistic: From the means of the columns, a row for each draw, to the values.
      columns: Which numbers it takes, counted over all groups side by side; ``None`` are all.
    """

    groups: tuple[Float64[np.ndarray, "_ _"], ...]
    statistic: Statistic
    columns: tuple[int, ...] | None = None


class Measurement(NamedTuple):
    """One number.

    Attributes:
      layer: A path such as ``"stage1/block02"``, or ``""`` for the whole net.
      metric: What the number is.
      value: The number.
      sample: The numbers of single images that it is made of, from which its interval follows;
        ``None`` of what is no mean over images, as the norm of a kernel.
    """

    layer: str
    metric: str
    value: float
    sample: Sample | None = None
