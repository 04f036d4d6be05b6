"""Images without labels, to look at a net with: the user's own, or two photographs.

The photographs are china.jpg and flower.jpg, which come with scikit-learn. Each is there once as a
classifier is usually shown it, and then in overlapping crops: more signals to look at, but still of
two scenes.
"""

from __future__ import annotations

import dataclasses
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from depthstudy.data.dataset import Dataset
from depthstudy.data.pipeline.in_memory import InMemorySplit
from depthstudy.data.pipeline.order import evenly_spaced
from depthstudy.data.pipeline.split import Reader
from depthstudy.data.sources import image_file
from depthstudy.data.sources.tfds_reader import Examples
from depthstudy.errors import InputError

if TYPE_CHECKING:
    from PIL import Image

CENTER = 0.875  # share of the shorter side that is kept of an image, as in most evaluations
CROPS = (3, 5)  # down and across a photograph
_CROP = 0.5  # side of a crop as a share of the shorter side
_NAMED = 5  # damaged images that are named

Moments = tuple[tuple[float, float, float], tuple[float, float, float]]


@dataclasses.dataclass(frozen=True)
class Picture:
    """An image.

    Attributes:
      name: Name of its file.
      encoded: A square PNG or JPEG file.
      whole: Whether it is what a classifier is usually shown of the file, and no crop of it.
    """

    name: str
    encoded: bytes
    whole: bool = True


def photographs() -> list[Picture]:
    """Returns scikit-learn's photographs, each first whole and then in crops."""
    from PIL import Image
    from sklearn.datasets import load_sample_images

    found = load_sample_images()
    pictures = []
    for name, pixels in zip(found.filenames, found.images, strict=True):
        image = Image.fromarray(pixels)
        pictures.append(Picture(Path(name).name, _center(image)))
        pictures += [Picture(Path(name).name, crop, whole=False) for crop in _crops(image)]
    return pictures


def read_folder(folder: Path, limit: int) -> list[Picture]:
    """Returns the PNG and JPEG images in a folder and below, at most ``limit``, evenly spaced.

    Images that cannot be decoded are left out and named on stderr.

    Raises:
      InputError: There is no such folder, or no image in it.
    """
    from PIL import Image

    if not folder.is_dir():
        raise InputError(f"--images: {folder} is not a folder")
    paths = [path for path in folder.rglob("*") if path.suffix.lower() in image_file.SUFFIXES]
    paths = [path for path in sorted(paths) if path.is_file()]
    if not paths:
        raise InputError(f"--images: no PNG or JPEG image in {folder}")
    found, damaged = [], []
    for path in np.array(paths, object)[evenly_spaced(len(paths), limit)]:
        name = str(path.relative_to(folder))
        try:
            with Image.open(io.BytesIO(image_file.encode(path))) as image:
                found.append(Picture(name, _center(image)))
        except image_file.DamagedError as error:
            damaged.append(f"{name}: {error}")
    if not found:
        raise InputError(f"--images: all images in {folder} are damaged, the first is {damaged[0]}")
    for reason in damaged[:_NAMED]:
        print(f"damaged, left out: {reason}", file=sys.stderr)
    if len(damaged) > _NAMED:
        print(f"damaged, left out: {len(damaged) - _NAMED} more", file=sys.stderr)
    return found


def as_dataset(
    pictures: Sequence[Picture], side: int, class_names: Sequence[str], moments: Moments
) -> Dataset:
    """Returns pictures as a data set without labels, the same to train and to test on.

    Args:
      pictures: At least one.
      side: To which they are resized, in pixels.
      class_names: Names of the classes of a net that looks at them.
      moments: Mean and standard deviation of each channel that the net expects.
    """
    shape = (side, side, 3)
    records = _Records({"image": found.encoded, "label": 0} for found in pictures)
    count = len(pictures)
    reader = Reader(
        Examples(records, "image", "label"),
        np.arange(count),
        np.zeros(count, np.int32),
        len(class_names),
        shape,
    )
    split = InMemorySplit(reader, "reading images")
    mean, std = (np.array(values, np.float32) for values in moments)
    return Dataset(
        name="images",
        image_shape=shape,
        num_classes=len(class_names),
        class_names=tuple(class_names),
        mean=mean,
        std=std,
        seed=0,
        train=split,
        test=split,
        labeled=False,
    )


class _Records(list[dict[str, object]]):
    """Records in memory, as a TFDS data source hands them out."""

    def __getitems__(self, rows: Sequence[int]) -> list[dict[str, object]]:
        return [self[row] for row in rows]


def _center(image: Image.Image) -> bytes:
    side = round(CENTER * min(image.size))
    return _cut(image, (image.width - side) // 2, (image.height - side) // 2, side)


def _crops(image: Image.Image) -> list[bytes]:
    side = round(_CROP * min(image.size))
    down, across = CROPS
    tops = np.linspace(0, image.height - side, down).round().astype(int).tolist()
    lefts = np.linspace(0, image.width - side, across).round().astype(int).tolist()
    return [_cut(image, left, top, side) for top in tops for left in lefts]


def _cut(image: Image.Image, left: int, top: int, side: int) -> bytes:
    file = io.BytesIO()
    image.crop((left, top, left + side, top + side)).save(file, "PNG", compress_level=1)
    return file.getvalue()
