"""Average precision of boxes as COCO defines it, in NumPy.

Lin et al. 2014 (arXiv 1405.0312); the numbers are those of ``pycocotools`` 2.0. Detections of each
image are matched to its objects greedily, best score first, at ten overlaps from .5 to .95;
precision is read at 101 recalls, and averaged over overlaps and classes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

OVERLAPS = np.linspace(0.5, 0.95, 10)
_RECALLS = np.linspace(0.0, 1.0, 101)
_SIZES: Mapping[str, tuple[float, float]] = {  # areas in pixels
    "all": (0, 1e10),
    "small": (0, 32**2),
    "medium": (32**2, 96**2),
    "large": (96**2, 1e10),
}
_AREAS = np.array(list(_SIZES.values()), np.float64)
_COUNTS = (1, 10, 100)  # detections of a class in an image, for recall; the last for precision


@dataclasses.dataclass(frozen=True, eq=False)
class _Matched:
    """A class in an image: detections, best first, by size of objects and overlap.

    Attributes:
      scores: ``[D]``.
      hits: Whether a detection has an object, ``[sizes, overlaps, D]``.
      ignored: Whether it counts neither as right nor as wrong, ``[sizes, overlaps, D]``.
      objects: Objects that count, ``[sizes]``.
    """

    scores: Floats
    hits: NDArray[np.bool_]
    ignored: NDArray[np.bool_]
    objects: NDArray[np.int64]


def average_precision(
    detections: Sequence[ArrayLike], truths: Sequence[ArrayLike]
) -> dict[str, float]:
    """Returns the twelve numbers of COCO.

    >>> truth = [[0, 0, 10, 10, 3], [20, 20, 40, 40, 1]]  # two objects of one image
    >>> detections = [[0, 0, 10, 10, 0.9, 3], [20, 20, 40, 36, 0.8, 1]]
    >>> scores = average_precision([detections], [truth])
    >>> round(scores["ap50"], 3), round(scores["ap"], 3)
    (1.0, 0.85)

    Args:
      detections: Of each image, rows of box (top, left, bottom, right), score and class.
      truths: Of each image, rows of box and class, then where known 1 for a crowd (a region with
        many objects, which is matched by any number of detections and counts as no object), and
        the area in pixels that says how large the object is (else it is that of the box).

    Returns:
      ``ap`` at overlaps .5 to .95, ``ap50``, ``ap75``, ``ap_small`` (under 32x32 pixels),
      ``ap_medium``, ``ap_large`` (over 96x96); ``ar1``, ``ar10``, ``ar100`` with so many detections
      of a class in an image, ``ar_small``, ``ar_medium``, ``ar_large``. Without detections all are
      0; where there is no object of the kind, a number is NaN.

    Raises:
      ValueError: There are not as many images in both.
    """
    if len(detections) != len(truths):
        raise ValueError(f"{len(detections)} images with detections, {len(truths)} with truths")
    detected = [_rows(rows, 6) for rows in detections]
    objects = [_rows(rows, 7) for rows in truths]
    classes = sorted({int(label) for rows in objects for label in rows[:, 4]})
    precisions, recalls = [], []
    for label in classes:
        matched = [
            _match(dets[dets[:, 5] == label], rows[rows[:, 4] == label])
            for dets, rows in zip(detected, objects, strict=True)
        ]
        precision, recall = _curves([m for m in matched if m is not None])
        precisions.append(precision)
        recalls.append(recall)
    shape = (0, len(_AREAS), len(OVERLAPS))
    precision = np.stack(precisions) if precisions else np.zeros((*shape, len(_RECALLS)))
    recall = np.stack(recalls) if recalls else np.zeros((*shape, len(_COUNTS)))
    sizes = list(_SIZES)
    numbers = {
        "ap": precision[:, 0],
        "ap50": precision[:, 0, 0],
        "ap75": precision[:, 0, 5],
        **{f"ap_{size}": precision[:, sizes.index(size)] for size in sizes[1:]},
        **{f"ar{count}": recall[:, 0, :, i] for i, count in enumerate(_COUNTS)},
        **{f"ar_{size}": recall[:, sizes.index(size), :, -1] for size in sizes[1:]},
    }
    return {name: _mean(values) for name, values in numbers.items()}


def image_errors(detections: Sequence[ArrayLike], truths: Sequence[ArrayLike]) -> Floats:
    """Returns one minus the average precision of each image by itself.

    An image without objects is wrong by the best score that is found in it. These numbers rank
    images; their mean is not one minus the average precision of all.
    """
    errors = np.empty(len(truths))
    for i, (detected, objects) in enumerate(zip(detections, truths, strict=True)):
        dets, rows = _rows(detected, 6), _rows(objects, 7)
        if (rows[:, 5] == 0).any():
            errors[i] = 1 - average_precision([dets], [rows])["ap"]
        else:
            errors[i] = dets[:, 4].max(initial=0.0)
    return errors


def _rows(rows: ArrayLike, columns: int) -> Floats:
    """Returns rows as an array; of truths, the columns for crowd and area are filled in."""
    array = np.asarray(rows, np.float64)
    array = array.reshape(-1, array.shape[-1] if array.size else columns)
    if columns == 7 and array.shape[1] < 7:
        area = _area(array)[:, None]
        crowd = array[:, 5:6] if array.shape[1] > 5 else np.zeros_like(area)
        array = np.concatenate([array[:, :5], crowd, area], axis=1)
    return array


def _area(boxes: Floats) -> Floats:
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def _overlaps(detections: Floats, objects: Floats) -> Floats:
    """Returns intersection over union ``[D, G]``, of crowds over the detection's area."""
    low = np.maximum(detections[:, None, :2], objects[None, :, :2])
    high = np.minimum(detections[:, None, 2:4], objects[None, :, 2:4])
    common = np.prod(np.maximum(high - low, 0), axis=-1)
    areas = _area(detections)[:, None]
    union = np.where(objects[:, 5] > 0, areas, areas + _area(objects)[None] - common)
    return np.where(common > 0, common / np.where(union > 0, union, 1), 0.0)


def _match(detections: Floats, objects: Floats) -> _Matched | None:
    """Returns the detections of one class in an image, matched to its objects."""
    if not len(detections) and not len(objects):
        return None
    order = np.argsort(-detections[:, 4], kind="stable")[: _COUNTS[-1]]
    detections = detections[order]
    low, high = _AREAS[:, :1], _AREAS[:, 1:]
    crowd = objects[:, 5] > 0
    left_out = crowd | (objects[:, 6] < low) | (objects[:, 6] > high)  # [sizes, G]
    shape = (len(_AREAS), len(OVERLAPS))
    hits = np.zeros((*shape, len(detections)), bool)
    ignored = np.zeros_like(hits)
    taken = np.zeros((*shape, len(objects)), bool)
    least = np.minimum(OVERLAPS, 1 - 1e-10)[None, :, None]
    overlaps = _overlaps(detections, objects)
    for d in np.flatnonzero((overlaps >= least.min()).any(axis=1)) if len(objects) else ():
        fit = (~taken | crowd) & (overlaps[d] >= least)
        for out in (left_out[:, None], ~left_out[:, None]):  # objects that count come first
            free = np.where(fit & ~out, overlaps[d], -1.0)
            best = free.shape[-1] - 1 - np.argmax(free[..., ::-1], axis=-1)  # the last of equals
            chosen = (np.take_along_axis(free, best[..., None], -1)[..., 0] > 0) & ~hits[..., d]
            size, overlap = np.nonzero(chosen)
            taken[size, overlap, best[size, overlap]] = True
            ignored[..., d] |= chosen & np.take_along_axis(left_out, best, axis=1)
            hits[..., d] |= chosen
    area = _area(detections)
    outside = (area < low) | (area > high)  # [sizes, D]
    ignored |= ~hits & outside[:, None]
    return _Matched(detections[:, 4], hits, ignored, (~left_out).sum(axis=1))


def _curves(matched: Sequence[_Matched]) -> tuple[Floats, Floats]:
    """Returns precision ``[sizes, overlaps, recalls]`` and recall ``[sizes, overlaps, counts]``.

    They are NaN for sizes of which there is no object.
    """
    objects = np.sum([m.objects for m in matched], axis=0)
    shape = (len(_AREAS), len(OVERLAPS))
    precision = np.full((*shape, len(_RECALLS)), np.nan)
    recall = np.full((*shape, len(_COUNTS)), np.nan)
    present = np.flatnonzero(objects)
    for i, count in enumerate(_COUNTS):
        scores = np.concatenate([m.scores[:count] for m in matched])
        order = np.argsort(-scores, kind="stable")
        hits = np.concatenate([m.hits[..., :count] for m in matched], axis=-1)[..., order]
        counted = ~np.concatenate([m.ignored[..., :count] for m in matched], axis=-1)[..., order]
        right = np.cumsum(hits & counted, axis=-1, dtype=np.float64)
        wrong = np.cumsum(~hits & counted, axis=-1, dtype=np.float64)
        for size in present:
            recall_by_overlap = right[size] / objects[size]
            recall[size, :, i] = recall_by_overlap[:, -1] if len(scores) else 0.0
            if i == len(_COUNTS) - 1:
                share = right[size] / (right[size] + wrong[size] + np.spacing(1))
                envelope = np.maximum.accumulate(share[:, ::-1], axis=1)[:, ::-1]
                precision[size] = _at_recalls(recall_by_overlap, envelope)
    return precision, recall


def _at_recalls(recall_by_overlap: Floats, envelope: Floats) -> Floats:
    """Returns the precision at each recall, 0 where it is not reached, by overlap."""
    rows = np.zeros((len(recall_by_overlap), len(_RECALLS)))
    for row, recalls, precisions in zip(rows, recall_by_overlap, envelope, strict=True):
        places = np.searchsorted(recalls, _RECALLS, side="left")
        reached = places < len(recalls)
        row[reached] = precisions[places[reached]]
    return rows


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")
