"""A trained net with all that is needed to use it: weights, preprocessing and class names."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, UInt8

from depthstudy import data, nets, tasks
from depthstudy.arch import DetectorSpec, Spec
from depthstudy.deploy import images as inputs
from depthstudy.deploy.predictions import Predictions
from depthstudy.errors import InputError
from depthstudy.store import bucket

_BATCH = 64  # images that are classified at once


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class TrainedNet:
    """A net of a run. Nothing but its folder is needed: neither config file nor images.

    Attributes:
      network: A Flax module.
      variables: Its ``params`` and ``batch_stats``, as NumPy arrays.
      preprocessing: The steps from an image to its input.
      classes: Names of the classes, in the order of its logits.
      folder: The run folder that it is from.
      step: The step of the checkpoint.
    """

    network: nets.Net
    variables: nets.Variables
    preprocessing: data.Preprocessing
    classes: tuple[str, ...]
    folder: Path
    step: int

    @property
    def spec(self) -> Spec | None:
        """The architecture as a value; ``None`` for a user's own module."""
        return self.network.spec

    def logits(self, images: UInt8[np.ndarray, "B H W C"]) -> Float[Array, "B K"]:
        """Returns the logits of images of ``preprocessing.image_shape``, in gray levels.

        Raises:
          InputError: The net is a detector.
        """
        if self.is_detector:
            raise InputError("a detector has no logits of an image; take detections(images)")
        return jnp.asarray(_outputs(self.network, self.variables, images, *self.moments))

    def detections(self, images: UInt8[np.ndarray, "B H W C"]) -> Float[Array, "B D 6"]:
        """Returns the best boxes of each image, of a detector.

        Rows are (top, left, bottom, right, score, class), in pixels; of class -1 there is none.

        Raises:
          InputError: The net is no detector.
        """
        if not self.is_detector:
            raise InputError("the net is no detector; take logits(images)")
        height, width, _ = self.preprocessing.image_shape
        outputs = _outputs(self.network, self.variables, images, *self.moments)
        return tasks.detection.detections(outputs, (height, width))

    @property
    def is_detector(self) -> bool:
        """Whether it finds objects, instead of naming what an image shows."""
        return isinstance(self.network.spec, DetectorSpec)

    @property
    def moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of each channel, of images scaled to [0, 1], float32."""
        stored = self.preprocessing
        return np.array(stored.mean, np.float32), np.array(stored.std, np.float32)

    def predict(self, images: inputs.Images, batch_size: int = _BATCH) -> Predictions:
        """Returns the probability of each class for each image.

        >>> net = load("results/quickstart")  # doctest: +SKIP
        >>> net.predict("cat.png").predicted  # doctest: +SKIP
        ('cat',)

        Args:
          images: An image file or a folder of such, as text or path, or several of these; or pixels
            of type uint8, ``[N, H, W, C]``, ``[N, H, W]`` (gray), or one image, ``[H, W, C]`` or
            ``[H, W]`` (gray), or several of these, which may differ in size.
            Images of another size are resized as they were in training.
          batch_size: How many are classified at once.

        Raises:
          InputError: There is no such file, no image can be read, or pixels are of another type
            or have other channels.
        """
        names, decoded = inputs.read(images, self.preprocessing)
        rows = [self._probabilities(batch) for batch in _batches(decoded, batch_size)]
        return Predictions(names, self.classes, np.concatenate(rows)[: len(names)])

    def _probabilities(self, images: np.ndarray) -> np.ndarray:
        return np.asarray(jax.nn.softmax(self.logits(images)))

    def __repr__(self) -> str:
        """Returns what it is in one line."""
        name = self.spec.family if self.spec else type(self.network).__name__
        shape = " x ".join(map(str, self.preprocessing.image_shape))
        place = bucket.shown(self.folder)
        return f"TrainedNet({name}, {len(self.classes)} classes, images {shape}, {place})"


@functools.partial(jax.jit, static_argnums=0)
def _outputs(
    network: nets.Net, variables: nets.Variables, images: Array, mean: Array, std: Array
) -> Any:
    return network.apply(variables, data.normalize(images, mean, std))


def _batches(images: np.ndarray, size: int) -> Iterable[np.ndarray]:
    """Yields batches of one size, so that one program serves all; the last is filled up."""
    size = min(size, len(images))
    for start in range(0, len(images), size):
        rows = np.arange(start, start + size) % len(images)
        yield images[rows]
