"""Scenes: boxes are the extent of what is visible, and hardly overlap."""

import numpy as np

from depthstudy.data import objects
from depthstudy.data.sources.detection.scenes import scene


def test_a_box_is_the_extent_of_its_object() -> None:
    picture = np.zeros((1, 10, 10), np.uint8)
    picture[0, 2:8, 4:6] = 255
    random = np.random.default_rng(0)
    sizes, counts = [], set()
    for _ in range(60):
        canvas, rows = scene(picture, np.array([7]), random)
        assert canvas.shape == (64, 64)
        assert set(rows[:, objects.CLASS]) == {7}
        counts.add(len(rows))
        bright = np.zeros((64, 64), bool)
        for top, left, bottom, right in rows[:, objects.BOX].astype(int):
            assert canvas[top:bottom, left:right].max() > 150
            bright[top:bottom, left:right] = True
            sizes.append((bottom - top) / (right - left))
        assert canvas[~bright].max() < 90  # the noise behind
    assert counts == {1, 2, 3, 4}
    assert 2 < np.median(sizes) < 4  # the picture is three times as high as wide


def test_boxes_hardly_overlap() -> None:
    picture = np.full((1, 8, 8), 255, np.uint8)
    random = np.random.default_rng(1)
    for _ in range(40):
        _, rows = scene(picture, np.array([0]), random)
        for i, one in enumerate(rows):
            for other in rows[i + 1 :]:
                low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:4], other[2:4])
                common = np.prod(np.maximum(high - low, 0))
                assert common <= 0.1 * (one[6] + other[6] - common) + 1e-6
