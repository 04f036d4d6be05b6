"""Detection as a task: objects in images, and one minus average precision as the error."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float32, Float64, Key

from depthstudy.config import DataConfig
from depthstudy.data import augment, augment_objects, objects
from depthstudy.data.pipeline.augment import Images
from depthstudy.nets import DetectorOutputs
from depthstudy.nets.detection import boxes
from depthstudy.records import Metric
from depthstudy.tasks.detection.average_precision import average_precision, image_errors
from depthstudy.tasks.detection.losses import COUNT_OFFSET, loss, loss_terms
from depthstudy.tasks.detection.metrics import AP_NAMES, SPLIT_METRICS, STEP_METRICS
from depthstudy.tasks.detection.suppression import detections
from depthstudy.tasks.detection.targets import LEAST_OVERLAP, targets

_CANDIDATES = 1_000  # pairs of anchor and class that are looked at for an image


@dataclasses.dataclass(frozen=True)
class Detection:
    """Objects in images, from ``nets.DetectorOutputs`` and labels ``[B, M, 7]`` (``data.objects``).

    Attributes:
      num_classes: Number of classes, K.
      max_objects: Rows of a label, M.
      image_size: Height and width of the images in pixels.
    """

    num_classes: int
    max_objects: int
    image_size: tuple[int, int]

    @property
    def name(self) -> str:
        """The word for it."""
        return "detection"

    @property
    def counts_images(self) -> bool:
        """No: average precision is of all images together."""
        return False

    @property
    def label(self) -> jax.ShapeDtypeStruct:
        """Shape and type of one image's objects."""
        return jax.ShapeDtypeStruct((self.max_objects, objects.COLUMNS), jnp.float32)

    @property
    def step_metrics(self) -> tuple[Metric, ...]:
        """What a train step says of its batch."""
        return STEP_METRICS

    @property
    def split_metrics(self) -> tuple[Metric, ...]:
        """What an evaluation says of the splits."""
        return SPLIT_METRICS

    @property
    def chance_error(self) -> float:
        """Error of a net that finds nothing."""
        return 1.0

    @property
    def count_offset(self) -> float:
        """One, so that images without objects have a loss, too."""
        return COUNT_OFFSET

    def majority_error(self, labels: Float32[np.ndarray, "n M 7"]) -> float:
        """Returns the error of the same boxes for every image: luck finds a percent, not more."""
        del labels
        return 0.99

    def augment(
        self,
        images: Images,
        labels: Float[Array, "B M 7"],
        *,
        key: Key[Array, ""],
        config: DataConfig,
    ) -> tuple[Images, Float[Array, "B M 7"]]:
        """Changes images at random, and moves their objects with them."""
        moved = augment_objects(labels, self.image_size, key=key, config=config)
        return augment(images, key=key, config=config), moved

    def loss(
        self, outputs: DetectorOutputs, labels: Float[Array, "B M 7"], smoothing: float = 0.0
    ) -> Float[Array, " B"]:
        """Returns each image's focal and Huber loss, whose mean is that of the batch."""
        return loss(outputs, targets(outputs.anchors, labels), smoothing)

    def loss_terms(
        self, outputs: DetectorOutputs, labels: Float[Array, "B M 7"]
    ) -> tuple[Float[Array, " B"], Float[Array, " B"]]:
        """Returns each image's focal and Huber loss, undivided, and its positive anchors."""
        return loss_terms(outputs, targets(outputs.anchors, labels))

    def errors(self, outputs: DetectorOutputs, labels: Float[Array, "B M 7"]) -> Float[Array, " B"]:
        """Returns which share of the anchors on objects misses them.

        That is cheap enough for every step: another class is likelier, or the box overlaps the
        object's by less than half.
        """
        wanted = targets(outputs.anchors, labels)
        likeliest = jnp.argmax(outputs.classes, axis=-1)
        predicted = boxes.decode(outputs.boxes, outputs.anchors)
        true = boxes.decode(wanted.boxes, outputs.anchors)
        overlap = boxes.overlaps(predicted[..., None, :], true[..., None, :])[..., 0, 0]
        misses = (likeliest != wanted.classes) | (overlap < LEAST_OVERLAP)
        count = wanted.positive.sum(axis=1)
        return (misses & wanted.positive).sum(axis=1) / jnp.maximum(count, 1)

    def answers(
        self, outputs: DetectorOutputs, labels: Float[Array, "B M 7"]
    ) -> Mapping[str, Array]:
        """Returns the best boxes of each image (``suppression.detections``) and its objects."""
        best_boxes = detections(outputs, self.image_size, candidates=_CANDIDATES)
        return {"detections": best_boxes, "truths": labels}

    def summarize(
        self,
        errors: Float64[np.ndarray, " N"],
        answers: Mapping[str, np.ndarray],
    ) -> tuple[Float64[np.ndarray, " N"], dict[str, float]]:
        """Returns one minus average precision, of each image by itself and of the split.

        NaN stands for objects of a size that are not there.
        """
        del errors
        detected, truths = _lists(answers)
        scores = average_precision(detected, truths)
        summary = {"error": 1 - scores["ap"], **{name: scores[name] for name in AP_NAMES}}
        return image_errors(detected, truths), summary


def _lists(answers: Mapping[str, np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Returns what was found and what is there, image by image, without padding."""
    detected = [rows[rows[:, 5] >= 0] for rows in answers["detections"]]
    truths = [rows[rows[:, objects.CLASS] >= 0] for rows in answers["truths"]]
    return detected, truths
