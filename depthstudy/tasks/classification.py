"""Classification: one label an image, cross-entropy, and the share of images that are wrong."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Float64, Int, Key

from depthstudy.config import DataConfig
from depthstudy.data import augment
from depthstudy.data.pipeline.augment import Images
from depthstudy.records import Metric
from depthstudy.tasks.balance import balanced_error


@dataclasses.dataclass(frozen=True)
class Classification:
    """One of several classes for each image; outputs are logits ``[B, K]``, labels ``[B]`` int32.

    >>> task = Classification(num_classes=4)
    >>> logits, labels = jnp.array([[3.0, 0, 0, 0], [0, 0, 0, 3.0]]), jnp.array([0, 1])
    >>> task.errors(logits, labels).tolist(), task.chance_error
    ([0.0, 1.0], 0.75)

    Attributes:
      num_classes: Number of classes, K.
    """

    num_classes: int

    @property
    def name(self) -> str:
        """The word for it."""
        return "classification"

    @property
    def counts_images(self) -> bool:
        """Yes: an error is the share of images that are wrong."""
        return True

    @property
    def label(self) -> jax.ShapeDtypeStruct:
        """Shape and type of one label: a class, counted from 0."""
        return jax.ShapeDtypeStruct((), jnp.int32)

    @property
    def step_metrics(self) -> tuple[Metric, ...]:
        """What a train step says of its batch."""
        return _STEP_METRICS

    @property
    def split_metrics(self) -> tuple[Metric, ...]:
        """What an evaluation says of the train and the test split."""
        return _SPLIT_METRICS

    @property
    def chance_error(self) -> float:
        """Error of a net that guesses each class alike."""
        return 1 - 1 / self.num_classes

    @property
    def count_offset(self) -> float:
        """None: there is always an example."""
        return 0.0

    def majority_error(self, labels: Int[np.ndarray, " n"]) -> float:
        """Returns the error of always saying the largest class.

        >>> Classification(num_classes=3).majority_error(np.array([0, 2, 2, 1]))
        0.5
        """
        return float(1 - np.bincount(labels, minlength=self.num_classes).max() / len(labels))

    def loss(
        self, outputs: Float[Array, "B K"], labels: Int[Array, " B"], smoothing: float = 0.0
    ) -> Float[Array, " B"]:
        """Returns each example's cross-entropy in nats.

        Args:
          outputs: Logits.
          labels: Classes.
          smoothing: Share of the target that is spread over all classes (Szegedy et al. 2016,
            section 7).
        """
        targets = optax.smooth_labels(jax.nn.one_hot(labels, outputs.shape[-1]), smoothing)
        return optax.softmax_cross_entropy(outputs, targets)

    def loss_terms(
        self, outputs: Float[Array, "B K"], labels: Int[Array, " B"]
    ) -> tuple[Float[Array, " B"], Float[Array, " B"]]:
        """Returns each example's cross-entropy in nats, and 1."""
        losses = self.loss(outputs, labels)
        return losses, jnp.ones_like(losses)

    def errors(self, outputs: Float[Array, "B K"], labels: Int[Array, " B"]) -> Float[Array, " B"]:
        """Returns 1 for each example whose largest logit is not its label's, otherwise 0."""
        return (jnp.argmax(outputs, axis=-1) != labels).astype(jnp.float32)

    def augment(
        self, images: Images, labels: Int[Array, " B"], *, key: Key[Array, ""], config: DataConfig
    ) -> tuple[Images, Int[Array, " B"]]:
        """Changes images at random; their classes stay."""
        return augment(images, key=key, config=config), labels

    def summarize(
        self,
        errors: Float64[np.ndarray, " N"],
        answers: Mapping[str, np.ndarray],
    ) -> tuple[Float64[np.ndarray, " N"], dict[str, float]]:
        """Returns the errors as they are, and their mean over images and over classes."""
        summary = {
            "error": float(errors.mean()),
            "balanced_error": balanced_error(errors, answers["label"]),
        }
        return errors, summary

    def answers(
        self, outputs: Float[Array, "B K"], labels: Int[Array, " B"]
    ) -> Mapping[str, Array]:
        """Returns label, likeliest class and its probability of each example.

        >>> task = Classification(num_classes=2)
        >>> answers = task.answers(jnp.array([[0.0, 0.0], [0.0, 2.0]]), jnp.array([1, 0]))
        >>> {name: values.round(2).tolist() for name, values in answers.items()}
        {'label': [1, 0], 'predicted': [0, 1], 'confidence': [0.5, 0.8799999952316284]}
        """
        return {
            "label": labels.astype(jnp.int32),
            "predicted": jnp.argmax(outputs, axis=-1).astype(jnp.int32),
            "confidence": jax.nn.softmax(outputs).max(axis=-1),
        }


_STEP_METRICS = (
    Metric(
        name="loss",
        title="Train loss",
        unit="nats",
        scale="log",
        better="lower",
        description="mean over the latest steps of the loss of a step, with augmentation",
    ),
    Metric(
        name="error",
        title="Error while training",
        unit="fraction",
        better="lower",
        description="share of the images of the latest steps that were wrong",
    ),
)
_SPLIT_METRICS = (
    Metric(
        name="train_error",
        title="Train error",
        unit="fraction",
        better="lower",
        description="share of train images that are wrong, without augmentation",
    ),
    Metric(
        name="validation_error",
        title="Validation error",
        unit="fraction",
        better="lower",
        description="share of held-out images that are wrong; what is chosen is chosen by it",
    ),
    Metric(
        name="test_error",
        title="Test error",
        unit="fraction",
        better="lower",
        description="share of new images that are wrong",
    ),
    Metric(
        name="train_loss",
        title="Loss on the train split",
        unit="nats",
        scale="log",
        better="lower",
        description="mean cross-entropy on train images, without augmentation",
    ),
    Metric(
        name="validation_loss",
        title="Loss on the validation split",
        unit="nats",
        scale="log",
        better="lower",
        description="mean cross-entropy on held-out images",
    ),
    Metric(
        name="test_loss",
        title="Loss on the test split",
        unit="nats",
        scale="log",
        better="lower",
        description="mean cross-entropy on new images",
    ),
    *(
        Metric(
            name=f"{split}_balanced_error",
            title=f"Balanced {split} error",
            unit="fraction",
            better="lower",
            description=f"mean over the classes of the error on {images} images of each",
        )
        for split, images in (
            ("train", "train"),
            ("validation", "held-out"),
            ("test", "new"),
        )
    ),
)
