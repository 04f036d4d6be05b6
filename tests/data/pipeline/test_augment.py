from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from depthstudy.config import DataConfig
from depthstudy.data import augment, normalize
from depthstudy.data.pipeline.augment import random_resized_crop, resized_crop

KEY = jax.random.key(0)
IMAGES = np.random.default_rng(0).integers(1, 256, (64, 9, 7, 3)).astype(np.uint8)


compiled = jax.jit(augment, static_argnames="config")


def change(key: jax.Array = KEY, **options: object) -> np.ndarray:
    config = DataConfig(validation=0.0, **options)  # type: ignore[arg-type]
    return np.asarray(compiled(jnp.asarray(IMAGES), key=key, config=config))


def shifted(image: np.ndarray, down: int, right: int) -> np.ndarray:
    """The plain reference: pixel by pixel."""
    out = np.zeros_like(image)
    for row in range(image.shape[0]):
        for column in range(image.shape[1]):
            source = row - down, column - right
            if 0 <= source[0] < image.shape[0] and 0 <= source[1] < image.shape[1]:
                out[row, column] = image[source]
    return out


def test_nothing_asked_nothing_traced() -> None:
    config = DataConfig(validation=0.0)
    jaxpr = jax.make_jaxpr(lambda x: augment(x, key=KEY, config=config))(jnp.asarray(IMAGES))
    assert jaxpr.jaxpr.outvars == jaxpr.jaxpr.invars
    np.testing.assert_array_equal(change(), IMAGES)


def test_shift_is_one_of_the_allowed_translations() -> None:
    result = change(shift=2)
    assert result.dtype == np.uint8
    moves = []
    for image, moved in zip(IMAGES, result, strict=True):
        offsets = [
            (down, right)
            for down in range(-2, 3)
            for right in range(-2, 3)
            if np.array_equal(shifted(image, down, right), moved)
        ]
        assert len(offsets) == 1
        moves += offsets
    assert {down for down, _ in moves} == {right for _, right in moves} == set(range(-2, 3))


def test_flip_mirrors_half_of_the_images() -> None:
    keys = jax.random.split(KEY, 20)
    mirrored = []
    for key in keys:
        for image, result in zip(IMAGES, change(key, flip=True), strict=True):
            mirrored.append(np.array_equal(result, image[:, ::-1]))
            assert mirrored[-1] or np.array_equal(result, image)
    assert abs(np.mean(mirrored) - 0.5) < 4 * 0.5 / np.sqrt(len(mirrored))


def bilinear(image: np.ndarray, corner: np.ndarray, box: np.ndarray) -> np.ndarray:
    """The plain reference: one weight at a time, the border pixel repeated."""
    H, W = image.shape[:2]
    out = np.zeros(image.shape)
    for row in range(H):
        for column in range(W):
            y = corner[0] + (row + 0.5) * box[0] / H - 0.5
            x = corner[1] + (column + 0.5) * box[1] / W - 0.5
            for i in (int(np.floor(y)), int(np.floor(y)) + 1):
                for j in (int(np.floor(x)), int(np.floor(x)) + 1):
                    weight = (1 - abs(y - i)) * (1 - abs(x - j))
                    out[row, column] += weight * image[np.clip(i, 0, H - 1), np.clip(j, 0, W - 1)]
    return out


def test_resized_crop_against_reference() -> None:
    corners = np.array([[0, 0], [2, 1], [1.5, 2.25], [0, 0], [4.5, 3.5]], np.float32)
    boxes = np.array([[9, 7], [4, 5], [6.5, 3.5], [4.5, 3.5], [4.5, 3.5]], np.float32)
    images = jnp.asarray(IMAGES[:5])
    result = np.asarray(resized_crop(images, jnp.asarray(corners), jnp.asarray(boxes)))
    for image, corner, box, got in zip(IMAGES, corners, boxes, result, strict=False):
        np.testing.assert_allclose(got, bilinear(image, corner, box), atol=1e-2)
    np.testing.assert_allclose(result[0], IMAGES[0], atol=1e-4)


def test_random_crops_have_the_area_and_aspect_they_should() -> None:
    """On a ramp, the slopes of a crop are the sides of its box."""
    B, side = 2000, 32
    rows, columns = np.mgrid[:side, :side].astype(np.float32)
    ramp = jnp.asarray(np.broadcast_to(np.stack([rows, columns], -1), (B, side, side, 2)))
    result = np.asarray(random_resized_crop(ramp, key=KEY, least_area=0.25))
    height = (result[:, 20, 16, 0] - result[:, 10, 16, 0]) / 10
    width = (result[:, 16, 20, 1] - result[:, 16, 10, 1]) / 10
    area, aspect = height * width, width / height
    whole = (height < 0.999) & (width < 0.999)  # no side was cut to the image's
    assert np.all(area > 0.25 - 0.01)
    assert np.all(area < 1 + 1e-3)
    assert np.all((aspect[whole] > 0.749) & (aspect[whole] < 1.335))
    assert abs(np.mean(area < 0.5) - 1 / 3) < 4 * np.sqrt(2 / 9 / B)  # uniform; small are uncut
    assert abs(np.mean(aspect > 1) - 0.5) < 4 * 0.5 / np.sqrt(B)


def test_crop_stays_within_gray_levels() -> None:
    result = change(crop_area=0.1, shift=1, flip=True)
    assert result.dtype == np.float32
    assert result.shape == IMAGES.shape
    assert result.min() >= 0
    assert result.max() <= 255.001


def test_same_key_same_images_and_jit_changes_nothing() -> None:
    config = DataConfig(validation=0.0, shift=2, flip=True)
    plain = augment(jnp.asarray(IMAGES), key=KEY, config=config)
    np.testing.assert_array_equal(plain, change(shift=2, flip=True))
    assert not np.array_equal(change(jax.random.key(1), shift=2), change(shift=2))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_normalize(dtype: type) -> None:
    mean, std = np.array([0.5, 0.25, 0.1], np.float32), np.array([0.2, 0.3, 0.4], np.float32)
    result = normalize(jnp.asarray(IMAGES.astype(dtype)), mean, std)
    assert result.dtype == jnp.float32
    np.testing.assert_allclose(result, (IMAGES / 255 - mean) / std, rtol=1e-5, atol=1e-6)
