"""Anchors, and boxes as offsets from them (Ren et al. 2015, arXiv 1506.01497).

Boxes are (top, left, bottom, right) in pixels of the image.
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from depthstudy.arch.detection.spec import DetectorSpec

_LARGEST = (
    8.0  # logarithm of the largest size over its anchor's, which keeps the exponential finite
)


def anchors(spec: DetectorSpec, image_size: tuple[int, int]) -> Float[np.ndarray, "A 4"]:
    """Returns the anchors of an image, by level from fine to coarse, row, column, octave, aspect.

    >>> from depthstudy import arch
    >>> anchors(arch.build("efficientdet", variant="d0"), (512, 512)).shape
    (49104, 4)

    Args:
      spec: The detector.
      image_size: Height and width in pixels.
    """
    heads = spec.heads
    aspects = np.array(heads.aspects)  # factors of width and height
    octaves = 2.0 ** (np.arange(heads.octaves) / heads.octaves)
    shapes = (octaves[:, None, None] * aspects[None, :, ::-1]).reshape(-1, 2)
    parts = []
    for level in spec.pyramid.levels:
        stride = 2**level
        half = shapes * (heads.anchor_scale * stride / 2)
        rows, columns = ((np.arange(-(-size // stride)) + 0.5) * stride for size in image_size)
        centers = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1)[:, :, None]
        boxes = np.concatenate([centers - half, centers + half], axis=-1)
        parts.append(boxes.reshape(-1, 4))
    return np.concatenate(parts).astype(np.float32)


def encode(boxes: Float[Array, "*B 4"], anchors: Float[Array, "*B 4"]) -> Float[Array, "*B 4"]:
    """Returns the offsets (ty, tx, th, tw) of boxes from their anchors."""
    center, size = _center_and_size(boxes)
    anchor_center, anchor_size = _center_and_size(anchors)
    shift = (center - anchor_center) / anchor_size
    return jnp.concatenate([shift, jnp.log(jnp.maximum(size, 1e-6) / anchor_size)], axis=-1)


def decode(offsets: Float[Array, "*B 4"], anchors: Float[Array, "*#B 4"]) -> Float[Array, "*B 4"]:
    """Returns the boxes that are so far off their anchors."""
    anchor_center, anchor_size = _center_and_size(anchors)
    center = offsets[..., :2] * anchor_size + anchor_center
    half = jnp.exp(jnp.minimum(offsets[..., 2:], _LARGEST)) * anchor_size / 2
    return jnp.concatenate([center - half, center + half], axis=-1)


def overlaps(
    boxes: Float[Array, "*B N 4"], others: Float[Array, "*B M 4"]
) -> Float[Array, "*B N M"]:
    """Returns intersection over union of each box with each other one; 0 of empty boxes."""
    low = jnp.maximum(boxes[..., :, None, :2], others[..., None, :, :2])
    high = jnp.minimum(boxes[..., :, None, 2:], others[..., None, :, 2:])
    common = jnp.prod(jnp.maximum(high - low, 0), axis=-1)
    union = area(boxes)[..., :, None] + area(others)[..., None, :] - common
    return jnp.where(union > 0, common / jnp.where(union > 0, union, 1), 0)


def area(boxes: Float[Array, "*B 4"]) -> Float[Array, "*B"]:
    """Returns the area of boxes in square pixels."""
    return jnp.prod(boxes[..., 2:] - boxes[..., :2], axis=-1)


def _center_and_size(boxes: Array) -> tuple[Array, Array]:
    low, high = boxes[..., :2], boxes[..., 2:]
    return (low + high) / 2, high - low
