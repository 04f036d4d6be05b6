"""A picture of a few images of each class, as a net sees them: people look before they read."""

from __future__ import annotations

import dataclasses
import io

import jax
import numpy as np
from jaxtyping import UInt8

from depthstudy.config import DataConfig
from depthstudy.data.batches import batch_at
from depthstudy.data.dataset import Dataset
from depthstudy.data.pipeline.augment import augment
from depthstudy.records import SHEET_ROWS

_PLAIN, _CHANGED = 5, 5  # images of each kind in a row
_LEAST_SIDE, _MOST_SIDE = 48, 112  # pixels at which an image is drawn at least, and about at most
_GAP, _BETWEEN = 2, 12  # pixels between images, and between the two kinds
_PAPER = 255


def contact_sheet(dataset: Dataset, config: DataConfig) -> bytes:
    """Returns a PNG: a row for each of the first classes, train images plain, then augmented.

    Args:
      dataset: The set, of one label an image.
      config: What is done to its images.
    """
    from PIL import Image

    rows = [
        np.concatenate([_side_by_side(plain), _paper(plain, _BETWEEN), _side_by_side(changed)], 1)
        for plain, changed in _images(dataset, config)
    ]
    gap = np.full((_GAP, *rows[0].shape[1:]), _PAPER, np.uint8)
    parts = [part for row in rows for part in (row, gap)][:-1]
    sheet = np.concatenate(parts)
    file = io.BytesIO()
    Image.fromarray(sheet[..., 0] if sheet.shape[2] == 1 else sheet).save(file, "PNG")
    return file.getvalue()


def _images(
    dataset: Dataset, config: DataConfig
) -> list[tuple[UInt8[np.ndarray, "n H W C"], UInt8[np.ndarray, "n H W C"]]]:
    """Returns for each of the first classes some train images as they are, and augmented."""
    shown = []
    known = dataset.train.knows_labels
    labels = dataset.train.labels if known else None
    for label in range(min(SHEET_ROWS, dataset.num_classes)):
        chosen = np.arange(_PLAIN) if labels is None else np.flatnonzero(labels == label)[:_PLAIN]
        if not len(chosen):
            continue
        plain = dataset.train.read(chosen).images
        shown.append((_filled(plain, _PLAIN), _augmented(dataset, config, chosen, label)))
        if labels is None:  # of what is streamed the first images stand for all
            break
    return shown


def _augmented(
    dataset: Dataset, config: DataConfig, chosen: np.ndarray, label: int
) -> UInt8[np.ndarray, "n H W C"]:
    if dataset.train.crops:  # cropped where it is decoded: a batch as it is trained on
        images = batch_at(dataset, label, batch_size=_CHANGED).images
    else:
        images = dataset.train.gather(np.resize(chosen, _CHANGED)).images
    left = dataclasses.replace(config, crop_area=1.0) if dataset.train.crops else config
    changed = augment(images, key=jax.random.key(label), config=left)
    return np.clip(np.rint(np.asarray(changed, np.float32)), 0, 255).astype(np.uint8)


def _filled(images: UInt8[np.ndarray, "n H W C"], count: int) -> UInt8[np.ndarray, "count H W C"]:
    """Returns so many images, of which those that are missing are paper."""
    missing = np.full((count - len(images), *images.shape[1:]), _PAPER, np.uint8)
    return np.concatenate([images, missing])


def _side_by_side(images: UInt8[np.ndarray, "n H W C"]) -> UInt8[np.ndarray, "h w C"]:
    """Returns images in a row, small ones enlarged so that their pixels can be seen."""
    images = images[..., :3] if images.shape[-1] not in (1, 3) else images
    times = max(1, -(-_LEAST_SIDE // images.shape[1]))
    large = images.repeat(times, axis=1).repeat(times, axis=2)
    large = large[
        :, :: max(1, large.shape[1] // _MOST_SIDE), :: max(1, large.shape[2] // _MOST_SIDE)
    ]
    gap = np.full((large.shape[1], _GAP, large.shape[3]), _PAPER, np.uint8)
    return np.concatenate([part for image in large for part in (image, gap)][:-1], axis=1)


def _paper(images: UInt8[np.ndarray, "n H W C"], width: int) -> UInt8[np.ndarray, "h w C"]:
    row = _side_by_side(images[:1])
    return np.full((row.shape[0], width, row.shape[2]), _PAPER, np.uint8)
