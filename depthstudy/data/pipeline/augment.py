"""Random changes of the images, and their scale: pure functions for inside the train step.

Every image of a batch draws its own change. What is off costs nothing: it is not traced.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Float32, Int, Key, UInt8

from depthstudy.config import DataConfig
from depthstudy.data.pipeline.crop import ASPECTS

Images = UInt8[Array, "B H W C"] | Float32[Array, "B H W C"]


def augment(images: UInt8[Array, "B H W C"], *, key: Key[Array, ""], config: DataConfig) -> Images:
    """Shifts, crops and mirrors each image at random, as far as ``config`` asks for it.

    Args:
      images: Gray levels from 0 to 255.
      key: Key of this step's changes.
      config: ``shift``, ``crop_area`` and ``flip`` are read, and are compile-time constants.

    Returns:
      Gray levels from 0 to 255 still, uint8 unless a crop had to interpolate: then float32.
    """
    shift_key, crop_key, flip_key = change_keys(key)
    changed: Images = images
    if config.shift:
        changed = random_shift(changed, key=shift_key, shift=config.shift)
    if config.crop_area < 1:
        changed = random_resized_crop(changed, key=crop_key, least_area=config.crop_area)
    if config.flip:
        changed = random_flip(changed, key=flip_key)
    return changed


def change_keys(key: Key[Array, ""]) -> tuple[Array, Array, Array]:
    """Returns the keys of a step's shifts, crops and flips."""
    shift_key, crop_key, flip_key = jax.random.split(key, 3)
    return shift_key, crop_key, flip_key


def normalize(
    images: Images,
    mean: Float[Array, " C"] | Float[np.ndarray, " C"],
    std: Float[Array, " C"] | Float[np.ndarray, " C"],
) -> Float32[Array, "B H W C"]:
    """Scales gray levels to [0, 1], takes off the mean and divides by the standard deviation."""
    return (jnp.asarray(images, jnp.float32) / 255 - mean) / std


def random_shift(images: Images, *, key: Key[Array, ""], shift: int) -> Images:
    """Moves each image by up to ``shift`` pixels along either axis: pad and crop, He et al. 2015.

    Black moves in: the zeros are gray levels, padded before any normalization.
    """
    B, H, W, C = images.shape
    corners = shift_corners(B, key=key, shift=shift)
    padded = jnp.pad(images, ((0, 0), (shift, shift), (shift, shift), (0, 0)))

    def cut(image: Array, corner: Int[Array, " 2"]) -> Array:
        return jax.lax.dynamic_slice(image, (corner[0], corner[1], 0), (H, W, C))

    return jax.vmap(cut)(padded, corners)


def shift_corners(count: int, *, key: Key[Array, ""], shift: int) -> Int[Array, "B 2"]:
    """Draws for each image where it is cut out, down and across; ``shift`` is where it was."""
    return jax.random.randint(key, (count, 2), 0, 2 * shift + 1)


def random_flip(images: Images, *, key: Key[Array, ""]) -> Images:
    """Mirrors each image left to right with probability 1/2."""
    flipped = flips(len(images), key=key)
    return jnp.where(flipped[:, None, None, None], images[:, :, ::-1], images)


def flips(count: int, *, key: Key[Array, ""]) -> Bool[Array, " B"]:
    """Draws which images are mirrored."""
    return jax.random.bernoulli(key, shape=(count,))


def random_resized_crop(
    images: Images, *, key: Key[Array, ""], least_area: float
) -> Float32[Array, "B H W C"]:
    """Cuts a random box out of each image and enlarges it to the image's size.

    Szegedy et al. 2015 (arXiv 1409.4842): the box's area is uniform in [``least_area``, 1] of the
    image's, the logarithm of its aspect ratio uniform between those of 3/4 and 4/3. A side that
    would be longer than the image's is cut to it. Interpolation is bilinear; as a box is never
    larger than the image, there is nothing to antialias.
    """
    count, H, W = images.shape[:3]
    return resized_crop(images, *crops(count, (H, W), key=key, least_area=least_area))


def crops(
    count: int, image_size: tuple[int, int], *, key: Key[Array, ""], least_area: float
) -> tuple[Float[Array, "B 2"], Float[Array, "B 2"]]:
    """Draws corner, and height and width, of the box that is cut out of each image."""
    (H, W), B = image_size, count
    area_key, aspect_key, place_key = jax.random.split(key, 3)
    area = jax.random.uniform(area_key, (B,), minval=least_area, maxval=1.0) * (H * W)
    log_aspect = jax.random.uniform(
        aspect_key, (B,), minval=np.log(ASPECTS[0]), maxval=np.log(ASPECTS[1])
    )
    aspect = jnp.exp(log_aspect)
    size = jnp.array([H, W], jnp.float32)
    box = jnp.minimum(jnp.stack([jnp.sqrt(area / aspect), jnp.sqrt(area * aspect)], axis=1), size)
    return jax.random.uniform(place_key, (B, 2)) * (size - box), box


def resized_crop(
    images: Images, corner: Float[Array, "B 2"], box: Float[Array, "B 2"]
) -> Float32[Array, "B H W C"]:
    """Enlarges the box at ``corner`` of each image to the image's size.

    Args:
      images: Gray levels.
      corner: Upper and left edge of each box in pixels.
      box: Height and width of each box in pixels.
    """
    H, W, C = images.shape[1:]
    scale = jnp.array([H, W], jnp.float32) / box

    def enlarge(image: Array, scale: Float[Array, " 2"], offset: Float[Array, " 2"]) -> Array:
        return jax.image.scale_and_translate(
            image, (H, W, C), (0, 1), scale, offset, method="linear", antialias=False
        )

    return jax.vmap(enlarge)(images.astype(jnp.float32), scale, -corner * scale)
