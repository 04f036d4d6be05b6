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
    objects = np.zeros((len(labels), COLUMNS), np.float32)
    if len(labels):
        objects[:, BOX] = boxes
        objects[:, CLASS] = labels
        objects[:, CROWD] = 0 if crowds is None else crowds
        sides = objects[:, 2:4] - objects[:, 0:2]
        objects[:, AREA] = sides.prod(axis=1) if areas is None else areas
    return objects


def padded(objects: Rows, count: int) -> Rows:
    """Returns ``count`` rows: of more objects the largest, of fewer with padding behind them."""
    if len(objects) > count:
        objects = objects[np.sort(np.argsort(-objects[:, AREA], kind="stable")[:count])]
    empty = np.zeros((count - len(objects), COLUMNS), np.float32)
    empty[:, CLASS] = NONE
    return np.concatenate([objects, empty])


def scaled(objects: Rows, height: float, width: float) -> Rows:
    """Returns objects of an image that is resized by these factors."""
    factors = np.array([height, width, height, width, 1, 1, height * width], np.float32)
    return objects * factors


def stratum(objects: Rows) -> int:
    """Returns the class of the largest object, by which splits are stratified; 0 without any."""
    return int(objects[np.argmax(objects[:, AREA]), CLASS]) if len(objects) else 0
