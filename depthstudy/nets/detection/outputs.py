"""What a detector says of images, anchor by anchor."""

from __future__ import annotations

from typing import NamedTuple

from jaxtyping import Array, Float


class DetectorOutputs(NamedTuple):
    """Classes and boxes of all anchors: level by level from fine to coarse, then row, column.

    Attributes:
      classes: Logits of each class.
      boxes: Offsets of a box from its anchor: (ty, tx, th, tw), as ``boxes.encode`` makes them.
      anchors: The anchors: (top, left, bottom, right) in pixels of the image.
    """

    classes: Float[Array, "B A K"]
    boxes: Float[Array, "B A 4"]
    anchors: Float[Array, "A 4"]
