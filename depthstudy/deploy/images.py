"""From what a user has, files, folders or arrays, to the input of a net."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from depthstudy.data import Preprocessing, decode_file, decode_image
from depthstudy.data.pipeline.decode import MODES
from depthstudy.data.sources.images import image_file
from depthstudy.errors import InputError
from depthstudy.store import bucket

Images = str | Path | np.ndarray | Sequence[str | Path] | Sequence[np.ndarray]


def read(images: Images, preprocessing: Preprocessing) -> tuple[tuple[str, ...], np.ndarray]:
    """Returns names and pixels ``[N, H, W, C]`` of images, as a net saw them in training.

    Files that cannot be decoded are left out and named on stderr.

    Args:
      images: As in ``TrainedNet.predict``.
      preprocessing: That of the net.

    Raises:
      InputError: There is no such file, or nothing in it that can be read.
    """
    given: list[Any] = [images]
    if isinstance(images, Iterable) and not isinstance(images, str | np.ndarray):
        given = [*images]
    if given and all(isinstance(one, np.ndarray) for one in given):
        pixels = np.concatenate([_from_arrays(one, preprocessing) for one in given])
        return tuple(map(str, range(len(pixels)))), pixels
    for one in given:
        if not isinstance(one, str | Path):
            raise InputError(
                f"images are {type(one).__name__}; allowed: paths, or NumPy arrays of uint8"
            )
    return _from_files(find_images([bucket.copied(path) for path in given]), preprocessing)


def find_images(paths: Sequence[Path]) -> list[Path]:
    """Returns files as they are, and for folders the images in and below them, sorted.

    Raises:
      InputError: A path does not exist, or there is no image.
    """
    files: list[Path] = []
    for path in paths:
        if not path.exists():
            raise InputError(f"{path} does not exist; give an image file or a folder of images")
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        files += [
            file
            for file in inside
            if file.is_file() and (file == path or file.suffix.lower() in image_file.SUFFIXES)
        ]
    if not files:
        raise InputError(
            f"no image ({image_file.KINDS}) in {', '.join(map(str, paths)) or 'an empty list'}"
        )
    return files


def _from_files(
    paths: Sequence[Path], preprocessing: Preprocessing
) -> tuple[tuple[str, ...], np.ndarray]:
    names, pixels, damaged = [], [], []
    for path in paths:
        try:
            pixels.append(decode_file(path, preprocessing))
            names.append(bucket.shown(path))
        except image_file.UnreadableError as error:
            damaged.append(f"{path}: {error}")
    if not pixels:
        raise InputError(f"no image can be read, the first is {damaged[0]}")
    image_file.tell_damaged(damaged)
    return tuple(names), np.stack(pixels)


def _from_arrays(images: np.ndarray, preprocessing: Preprocessing) -> np.ndarray:
    channels = preprocessing.image_shape[2]
    if images.dtype != np.uint8 or images.ndim not in (2, 3, 4):
        raise InputError(
            f"images are {images.dtype} {images.shape}; allowed: uint8 [N, H, W, C], [N, H, W], "
            "[H, W, C] or [H, W], with gray levels from 0 to 255"
        )
    if images.ndim == 2:
        images = images[..., None]
    if images.ndim == 3:
        is_one = images.shape[-1] <= max(MODES)  # gray images are wider than that
        images = images[None] if is_one else images[..., None]
    if images.shape[-1] != channels:
        raise InputError(f"images have {images.shape[-1]} channels; the net takes {channels}")
    if not len(images):
        raise InputError("there are no images")
    return np.stack([decode_image(image, preprocessing) for image in images])
