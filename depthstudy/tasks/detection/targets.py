"""Which anchor is to find which object."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from depthstudy.data import objects
from depthstudy.nets.detection import boxes

LEAST_OVERLAP = 0.5  # of an anchor and an object that it is to find


class Targets(NamedTuple):
    """What each anchor is to say.

    Attributes:
      classes: Class of its object, -1 for none.
      boxes: Offsets of its object's box; those of anchors without one do not count.
      positive: Whether it has an object.
    """

    classes: Int[Array, "B A"]
    boxes: Float[Array, "B A 4"]
    positive: Bool[Array, "B A"]


def targets(anchors: Float[Array, "A 4"], truths: Float[Array, "B M 7"]) -> Targets:
    """Returns the targets of images.

    An anchor has the object that it overlaps most, if that is by half or more; and each object has
    its best anchor, whatever the overlap. Crowds and padding are no objects.
    """
    return jax.vmap(lambda rows: _of_image(anchors, rows))(truths)


def _of_image(anchors: Float[Array, "A 4"], rows: Float[Array, "M 7"]) -> Targets:
    present = (rows[:, objects.CLASS] >= 0) & (rows[:, objects.CROWD] == 0)
    overlaps = boxes.overlaps(anchors, rows[:, objects.BOX])
    overlaps = jnp.where(present, overlaps, -1.0)
    chosen = jnp.argmax(overlaps, axis=1)
    positive = jnp.max(overlaps, axis=1) >= LEAST_OVERLAP
    # A loop over objects: where two have one best anchor, the later one has it.
    best = jnp.argmax(overlaps, axis=0)
    wanted = (jnp.arange(len(anchors))[:, None] == best) & present
    last = rows.shape[0] - 1 - jnp.argmax(wanted[:, ::-1], axis=1)
    forced = wanted.any(axis=1)
    chosen = jnp.where(forced, last, chosen)
    positive |= forced
    matched = rows[chosen]
    return Targets(
        classes=jnp.where(positive, matched[:, objects.CLASS], -1).astype(jnp.int32),
        boxes=boxes.encode(matched[:, objects.BOX], anchors),
        positive=positive,
    )
