"""Objects in images as rows of numbers, padded so that every image has as many.

A row is (top, left, bottom, right, class, crowd, area): box and area in pixels, a class from 0
on, and 1 for a region that holds many objects. Rows of class -1 are padding.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32
from numpy.typing import ArrayLike

COLUMNS = 7
BOX, CLASS, CROWD, AREA = slice(0, 4), 4, 5, 6
NONE = -1.0

Rows = Float32[np.ndarray, "_ 7"]


def rows(
    boxes: ArrayLike,
    labels: ArrayLike,
    crowds: ArrayLike | None = None,
    areas: ArrayLike | None = None,
) -> Rows:
    """Returns the rows of some objects; an area that is not given is that of the box.

    >>> rows([(0, 0, 4, 5)], [3]).tolist()
    [[0.0, 0.0, 4.0, 5.0, 3.0, 0.0, 20.0]]
    """
    labels = np.asarray(labels)
    found = np.zeros((len(labels), COLUMNS), np.float32)
    if len(labels):
        found[:, BOX] = boxes
        found[:, CLASS] = labels
        found[:, CROWD] = 0 if crowds is None else crowds
        sides = found[:, 2:4] - found[:, 0:2]
        found[:, AREA] = sides.prod(axis=1) if areas is None else areas
    return found


def padded(found: Rows, count: int) -> Rows:
    """Returns ``count`` rows: of more objects the largest, of fewer with padding behind them."""
    if len(found) > count:
        found = found[np.sort(np.argsort(-found[:, AREA], kind="stable")[:count])]
    empty = np.zeros((count - len(found), COLUMNS), np.float32)
    empty[:, CLASS] = NONE
    return np.concatenate([found, empty])


def scaled(found: Rows, height: float, width: float) -> Rows:
    """Returns objects of an image that is resized by these factors."""
    factors = np.array([height, width, height, width, 1, 1, height * width], np.float32)
    return found * factors


def stratum(found: Rows) -> int:
    """Returns the class of the largest object, by which splits are stratified; 0 without any."""
    return int(found[np.argmax(found[:, AREA]), CLASS]) if len(found) else 0
