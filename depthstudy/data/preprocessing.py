"""From an image file to the input of a net, as plain values that are stored with a checkpoint."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, UInt8

from depthstudy.data.pipeline.decode import CROP, RESIZES, decode
from depthstudy.data.pipeline.order import evenly_spaced
from depthstudy.data.pipeline.splits.split import Split
from depthstudy.data.source import DEEP_BITS, RawImage
from depthstudy.data.sources.images import image_file
from depthstudy.errors import InputError

_MOMENT_EXAMPLES = 10_000
_PIECE = 256  # examples that are read at once: large images take memory


@dataclasses.dataclass(frozen=True)
class Preprocessing:
    """The steps from an image file to the input of a net: resize, scale to [0, 1], normalize.

    >>> import json
    >>> gray = Preprocessing(image_shape=(8, 8, 1), mean=(0.5,), std=(0.25,))
    >>> stored = json.dumps(gray.to_dict())
    >>> for name, value in json.loads(stored).items():
    ...     print(name, value)
    image_shape [8, 8, 1]
    mean [0.5]
    std [0.25]
    resize crop
    center 1.0
    bits 16
    >>> Preprocessing.from_dict(json.loads(stored)) == gray
    True

    Attributes:
      image_shape: Height, width and channels of the input.
      mean: Mean of each channel, of images scaled to [0, 1].
      std: Standard deviation of the same.
      resize: Name of the rule that resizes an image to ``image_shape``; see ``decode.RESIZES``.
      center: Share of the shorter side that the rule ``"crop"`` keeps.
      bits: Bits in use of an image file of more than 8 bits a channel: ``2 ** bits - 1`` becomes
        255. It is that of the images of the training, and 16 where earlier versions stored none.

    Raises:
      InputError: The rule is unknown, or the lengths do not agree with the channels.
    """

    image_shape: tuple[int, int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    resize: str = CROP
    center: float = 1.0
    bits: int = DEEP_BITS

    def __post_init__(self) -> None:
        """Refuses what no image can be preprocessed by."""
        if self.resize not in RESIZES:
            raise InputError(f"no rule of resizing {self.resize!r}; allowed: {', '.join(RESIZES)}")
        channels = self.image_shape[2]
        if not len(self.mean) == len(self.std) == channels:
            raise InputError(
                f"{len(self.mean)} means and {len(self.std)} standard deviations for images of"
                f" {channels} channels; each channel needs one"
            )

    def to_dict(self) -> dict[str, Any]:
        """Returns the fields as lists, numbers and text that JSON keeps exactly."""
        fields = dataclasses.asdict(self)
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in fields.items()
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Preprocessing:
        """Returns the preprocessing that ``to_dict`` turned into ``values``."""
        height, width, channels = values["image_shape"]
        return cls(
            image_shape=(height, width, channels),
            mean=tuple(values["mean"]),
            std=tuple(values["std"]),
            resize=values["resize"],
            center=values.get("center", 1.0),
            bits=values.get("bits", DEEP_BITS),
        )


def decode_file(path: Path, preprocessing: Preprocessing) -> UInt8[np.ndarray, "H W C"]:
    """Returns the pixels of an image file as a net saw those of its training.

    Raises:
      UnreadableError: It is not, or not wholly, a PNG or JPEG image.
    """
    return decode_image(image_file.encode(path, preprocessing.bits), preprocessing)


def decode_image(image: RawImage, preprocessing: Preprocessing) -> UInt8[np.ndarray, "H W C"]:
    """Returns an image, pixels or the bytes of a file, resized as those of the training were."""
    how = preprocessing
    return decode(image, how.image_shape, how.resize, how.center)


def moments(split: Split) -> tuple[Float32[np.ndarray, " C"], Float32[np.ndarray, " C"]]:
    """Returns mean and standard deviation of each channel, of images scaled to [0, 1].

    At most 10,000 examples at equal distances are read. A deviation is at least one gray level,
    so that a constant channel can be divided by it.
    """
    rows = evenly_spaced(len(split), _MOMENT_EXAMPLES)
    # Counting gray levels is exact, needs no float copy of the images, and so does not depend on
    # the order of summation, nor on the pieces in which they are read.
    counts: Any = 0
    for first in range(0, len(rows), _PIECE):
        images = split.read(rows[first : first + _PIECE]).images
        channels = images.reshape(-1, images.shape[-1]).T
        counts = counts + np.stack([np.bincount(channel, minlength=256) for channel in channels])
    pixels = counts[0].sum()
    levels = np.arange(256) / 255
    mean = counts @ levels / pixels
    variance = np.sum(counts * (levels - mean[:, None]) ** 2, axis=1) / pixels
    std = np.maximum(np.sqrt(variance), 1 / 255)
    return mean.astype(np.float32), std.astype(np.float32)
