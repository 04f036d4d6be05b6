"""Losses of classes (Lin et al. 2017, arXiv 1708.02002) and boxes, as EfficientDet sets them."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from depthstudy.nets import DetectorOutputs
from depthstudy.tasks.detection.targets import Targets

_ALPHA, _GAMMA = 0.25, 1.5
_DELTA = 0.1  # of the Huber loss
_BOX_WEIGHT = 50.0
COUNT_OFFSET = 1.0  # added to the positive anchors by which a loss is divided


def loss(outputs: DetectorOutputs, targets: Targets, smoothing: float = 0.0) -> Float[Array, " B"]:
    """Returns each image's loss; their mean is that of the batch.

    That is the focal loss over the positive anchors of the batch plus one, and 50 times the Huber
    loss of the positive anchors' offsets over four times as many.
    """
    sums, counts = loss_terms(outputs, targets, smoothing)
    return len(sums) / (counts.sum() + COUNT_OFFSET) * sums


def loss_terms(
    outputs: DetectorOutputs, targets: Targets, smoothing: float = 0.0
) -> tuple[Float[Array, " B"], Float[Array, " B"]]:
    """Returns each image's loss, summed over its anchors, and the number of its positive ones."""
    wanted = jax.nn.one_hot(targets.classes, outputs.classes.shape[-1])  # zeros for class -1
    of_classes = focal_loss(outputs.classes, wanted, smoothing).sum(axis=(1, 2))
    of_boxes = optax.huber_loss(outputs.boxes, targets.boxes, delta=_DELTA).sum(axis=-1)
    of_boxes = jnp.where(targets.positive, of_boxes, 0.0).sum(axis=1) / 4
    counts = targets.positive.sum(axis=1).astype(jnp.float32)
    return of_classes + _BOX_WEIGHT * of_boxes, counts


def focal_loss(
    logits: Float[Array, "*B"], targets: Float[Array, "*B"], smoothing: float = 0.0
) -> Float[Array, "*B"]:
    """Returns the cross-entropy of each class by itself, little where it is right already.

    Args:
      logits: Logits.
      targets: 1 for the class that is there, otherwise 0.
      smoothing: Share by which targets are moved towards a half, in the cross-entropy alone.
    """
    # In exponentials of one softplus, which takes half of the time of a power of a sigmoid, and
    # whose gradient is finite everywhere.
    away = logits * (1 - 2 * targets)  # logit of being wrong
    surprise = jax.nn.softplus(-away)
    weight = jnp.where(targets > 0, _ALPHA, 1 - _ALPHA) * jnp.exp(-_GAMMA * surprise)
    return weight * (surprise + (1 - smoothing / 2) * away)
