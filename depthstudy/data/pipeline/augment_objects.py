"""Objects that move with the images that ``augment`` changes: the same draws of the same keys."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from depthstudy.config import DataConfig
from depthstudy.data import objects
from depthstudy.data.pipeline.augment import change_keys, crops, flips, shift_corners

_LEAST_SIDE = 1.0  # in pixels, of what is left of an object


def augment_objects(
    labels: Float[Array, "B M 7"],
    image_size: tuple[int, int],
    *,
    key: Key[Array, ""],
    config: DataConfig,
) -> Float[Array, "B M 7"]:
    """Returns the objects where ``augment`` with the same key and config has moved them.

    Boxes are cut to the image, and an object with less than a pixel left is padding.

    Args:
      labels: Objects; see ``data.objects``.
      image_size: Height and width in pixels.
      key: Key of this step's changes.
      config: ``shift``, ``crop_area`` and ``flip`` are read.
    """
    shift_key, crop_key, flip_key = change_keys(key)
    count, (height, width) = len(labels), image_size
    boxes = labels[..., objects.BOX]
    zoom = jnp.ones((count, 1))
    if config.shift:
        corner = shift_corners(count, key=shift_key, shift=config.shift)
        boxes = boxes + jnp.tile(config.shift - corner, 2)[:, None]
    if config.crop_area < 1:
        corner, size = crops(count, image_size, key=crop_key, least_area=config.crop_area)
        factor = jnp.array([height, width], jnp.float32) / size
        boxes = (boxes - jnp.tile(corner, 2)[:, None]) * jnp.tile(factor, 2)[:, None]
        zoom = jnp.prod(factor, axis=1, keepdims=True)
    if config.flip:
        top, left, bottom, right = jnp.moveaxis(boxes, -1, 0)
        mirrored = jnp.stack([top, width - right, bottom, width - left], axis=-1)
        boxes = jnp.where(flips(count, key=flip_key)[:, None, None], mirrored, boxes)
    bounds = jnp.array([height, width, height, width], jnp.float32)
    boxes = jnp.clip(boxes, 0.0, bounds)
    visible = jnp.all(boxes[..., 2:] - boxes[..., :2] >= _LEAST_SIDE, axis=-1)
    label = jnp.where(visible, labels[..., objects.CLASS], objects.NONE)
    moved = labels.at[..., objects.BOX].set(boxes).at[..., objects.CLASS].set(label)
    return jax.lax.stop_gradient(moved.at[..., objects.AREA].multiply(zoom))
