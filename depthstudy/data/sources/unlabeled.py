"""Images without labels, to look at a net with: the user's own, or two photographs.

The photographs are china.jpg and flower.jpg, which come with scikit-learn. Each is there once as a
classifier is usually shown it, and then in overlapping crops: more signals to look at, but still of
two scenes.
"""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from depthstudy.data.pipeline.order import evenly_spaced
from depthstudy.data.sources.folder.scan import HIDDEN, is_image
from depthstudy.data.sources.images import image_file
from depthstudy.errors import InputError

if TYPE_CHECKING:
    from PIL import Image

CENTER = 0.875  # share of the shorter side that is kept of an image, as in most evaluations
CROPS = (3, 5)  # down and across a photograph
_CROP = 0.5  # side of a crop as a share of the shorter side


@dataclasses.dataclass(frozen=True)
class UnlabeledImage:
    """A square image of a class that nobody knows.

    Attributes:
      name: Name of its file.
      encoded: A square PNG or JPEG file.
      whole: Whether it is the center of the file, as a classifier is evaluated on, and no crop.
    """

    name: str
    encoded: bytes
    whole: bool = True


def photographs() -> list[UnlabeledImage]:
    """Returns scikit-learn's photographs, each first whole and then in crops."""
    from PIL import Image
    from sklearn.datasets import load_sample_images

    samples = load_sample_images()
    images = []
    for path, pixels in zip(samples.filenames, samples.images, strict=True):
        name, photograph = Path(path).name, Image.fromarray(pixels)
        images.append(UnlabeledImage(name, _center(photograph)))
        images += [UnlabeledImage(name, crop, whole=False) for crop in _crops(photograph)]
    return images


def read_folder(folder: Path, limit: int) -> list[UnlabeledImage]:
    """Returns the images in a folder and below, at most ``limit``, evenly spaced.

    Images that cannot be decoded are left out and named on stderr; those of more than 8 bits are
    scaled by the bits in use of all of them.

    Raises:
      InputError: There is no such folder, or no image in it.
    """
    from PIL import Image

    if not folder.is_dir():
        raise InputError(f"--images: {folder} is not a folder")
    paths = sorted(_images_in(folder))
    if not paths:
        raise InputError(f"--images: no image ({image_file.KINDS}) in {folder}")
    paths = [paths[row] for row in evenly_spaced(len(paths), limit)]
    bits = image_file.bits_of(paths)
    images, damaged = [], []
    for path in paths:
        name = str(path.relative_to(folder))
        try:
            with Image.open(io.BytesIO(image_file.encode(path, bits))) as image:
                images.append(UnlabeledImage(name, _center(image)))
        except image_file.UnreadableError as error:
            damaged.append(f"{name}: {error}")
    if not images:
        raise InputError(f"--images: all images in {folder} are damaged, the first is {damaged[0]}")
    image_file.tell_damaged(damaged)
    return images


def label_folders(folder: Path) -> list[str]:
    """Returns the sorted names of the folders in a folder that have images in them or below.

    They are none where an image lies beside them, as that has no label.
    """
    visible = [path for path in folder.iterdir() if not path.name.startswith(HIDDEN)]
    if any(is_image(path) and path.is_file() for path in visible):
        return []
    return sorted(path.name for path in visible if not path.is_symlink() and any(_images_in(path)))


def _images_in(folder: Path) -> Iterator[Path]:
    """Yields the images in a folder and below that are not hidden, in any order."""
    for path in folder.rglob("*"):
        hidden = any(part.startswith(HIDDEN) for part in path.relative_to(folder).parts)
        if not hidden and is_image(path) and path.is_file():
            yield path


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
