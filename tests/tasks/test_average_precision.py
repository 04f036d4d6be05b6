"""Average precision against pycocotools, where it is installed, and against numbers by hand."""

import contextlib
import io

import numpy as np
import pytest

from depthstudy.tasks.detection import average_precision
from depthstudy.tasks.detection.average_precision import image_errors

NAMES = (
    "ap", "ap50", "ap75", "ap_small", "ap_medium", "ap_large",
    "ar1", "ar10", "ar100", "ar_small", "ar_medium", "ar_large",
)  # fmt: skip


def _random_set(seed: int, images: int = 12, classes: int = 4) -> tuple[list, list]:
    """Objects with crowds, sizes of all kinds and areas of their own; detections near and far."""
    random = np.random.default_rng(seed)
    truths, detections = [], []
    for _ in range(images):
        count = random.integers(0, 7)
        corner = random.integers(0, 150, (count, 2))
        size = np.round(np.exp(random.uniform(np.log(6), np.log(180), (count, 2))))
        label = random.integers(0, classes - 1, (count, 1))  # the last class has no objects
        crowd = random.random((count, 1)) < 0.15
        area = np.round(size.prod(axis=1, keepdims=True) * random.uniform(0.4, 1, (count, 1)))
        truths.append(np.concatenate([corner, corner + size, label, crowd, area], axis=1))
        near = np.repeat(truths[-1][:, :5], 3, axis=0)
        near[:, :4] += random.integers(-6, 7, (len(near), 4))
        far = random.integers(0, 200, (random.integers(0, 8), 2))
        far = np.concatenate([far, far + random.integers(1, 90, far.shape)], axis=1)
        boxes = np.concatenate([near[:, :4], far])
        labels = np.concatenate([near[:, 4], random.integers(0, classes, len(far))])
        scores = random.integers(1, 12, len(boxes)) / 12  # many ties
        boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2] + 1)
        detections.append(np.column_stack([boxes, scores, labels]))
    return detections, truths


def _by_pycocotools(detections: list, truths: list) -> list[float]:
    coco = pytest.importorskip("pycocotools.coco")
    cocoeval = pytest.importorskip("pycocotools.cocoeval")

    def box(row: np.ndarray) -> list[float]:
        return [row[1], row[0], row[3] - row[1], row[2] - row[0]]

    objects = [
        {"image_id": i, "category_id": int(row[4]) + 1, "bbox": box(row), "iscrowd": int(row[5]),
         "area": row[6]}
        for i, rows in enumerate(truths, start=1) for row in rows
    ]  # fmt: skip
    for number, row in enumerate(objects, start=1):
        row["id"] = number
    results = [
        {"image_id": i, "category_id": int(row[5]) + 1, "bbox": box(row), "score": row[4]}
        for i, rows in enumerate(detections, start=1)
        for row in rows
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        reference = coco.COCO()
        reference.dataset = {
            "images": [{"id": i} for i in range(1, len(truths) + 1)],
            "categories": [{"id": i} for i in range(1, 10)],
            "annotations": objects,
            "info": {},
        }
        reference.createIndex()
        judged = cocoeval.COCOeval(reference, reference.loadRes(results), "bbox")
        judged.evaluate()
        judged.accumulate()
        judged.summarize()
    return judged.stats.tolist()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(12))
def test_the_numbers_are_those_of_pycocotools(seed: int) -> None:
    detections, truths = _random_set(seed)
    expected = _by_pycocotools(detections, truths)
    metrics = average_precision(detections, truths)
    assert tuple(metrics) == NAMES
    got = [-1.0 if np.isnan(metrics[name]) else metrics[name] for name in NAMES]
    assert got == pytest.approx(expected, abs=1e-9)
    assert 0 < metrics["ap"] < 1


def test_perfect_and_shifted_boxes() -> None:
    truth = [[0, 0, 10, 10, 0]]
    assert average_precision([[[0, 0, 10, 10, 0.5, 0]]], [truth])["ap"] == pytest.approx(1)
    # The overlap of 10x10 with 10x8 is .8: right at .5 to .8, wrong from .85 on.
    assert average_precision([[[0, 0, 10, 8, 0.5, 0]]], [truth])["ap"] == pytest.approx(0.7)


def test_a_second_detection_of_an_object_is_wrong() -> None:
    truths = [[[0, 0, 10, 10, 0], [30, 30, 40, 40, 0]]]
    twice = [[[0, 0, 10, 10, 0.9, 0], [0, 0, 10, 10, 0.8, 0], [30, 30, 40, 40, 0.7, 0]]]
    # Precision is 1 up to recall .5 (51 of the 101 points), 2/3 from there on.
    expected = (51 + 50 * 2 / 3) / 101
    assert average_precision(twice, truths)["ap"] == pytest.approx(expected)


def test_no_detections_are_zero_and_no_objects_unknown() -> None:
    metrics = average_precision([[], []], [[[0, 0, 8, 8, 1]], []])
    assert (metrics["ap"], metrics["ap50"], metrics["ap_small"], metrics["ar100"]) == (0, 0, 0, 0)
    assert np.isnan(metrics["ap_large"])
    assert np.isnan(average_precision([[[0, 0, 8, 8, 0.5, 1]]], [[]])["ap"])
    with pytest.raises(ValueError, match="1 images with detections, 2 with truths"):
        average_precision([[]], [[], []])


def test_errors_of_images_rank_them() -> None:
    truth = [[0, 0, 10, 10, 0]]
    detections = [
        [[0, 0, 10, 10, 0.5, 0]],
        [[0, 0, 10, 8, 0.5, 0]],
        [],
        [[0, 0, 9, 9, 0.25, 0]],
        [],
    ]
    errors = image_errors(detections, [truth, truth, truth, [], []])
    assert errors == pytest.approx([0, 0.3, 1, 0.25, 0])
