"""From what a detector says of every anchor to a few boxes."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from depthstudy.nets import DetectorOutputs
from depthstudy.nets.detection import boxes

_MOST_OVERLAP = 0.5
_CANDIDATES = 5_000  # best pairs of anchor and class that are looked at
MAX_DETECTIONS = 100  # boxes of an image


def detections(
    outputs: DetectorOutputs,
    image_size: tuple[int, int],
    *,
    candidates: int = _CANDIDATES,
    max_detections: int = MAX_DETECTIONS,
) -> Float[Array, "B D 6"]:
    """Returns the best boxes of each image: (top, left, bottom, right, score, class).

    Greedily by score: a box that overlaps a better one of its class by more than half is left out.
    Where fewer are left, rows of score 0 and class -1 follow.

    Args:
      outputs: What a detector says.
      image_size: Height and width, to which boxes are cut.
      candidates: How many pairs of anchor and class are looked at.
      max_detections: Most boxes of an image.
    """
    B, A, K = outputs.classes.shape
    scores, index = jax.lax.top_k(outputs.classes.reshape(B, A * K), min(candidates, A * K))
    anchor, label = index // K, index % K
    offsets = jnp.take_along_axis(outputs.boxes, anchor[..., None], axis=1)
    decoded = boxes.decode(offsets, outputs.anchors[anchor])
    height, width = image_size
    decoded = jnp.clip(decoded, 0.0, jnp.array([height, width, height, width], jnp.float32))
    return jax.vmap(lambda *rows: _suppressed(*rows, max_detections=max_detections))(
        decoded, jax.nn.sigmoid(scores), label
    )


def _suppressed(
    candidates: Float[Array, "N 4"],
    scores: Float[Array, " N"],
    label: Array,
    *,
    max_detections: int,
) -> Float[Array, "D 6"]:
    rows = jnp.concatenate(
        [candidates, scores[:, None], label[:, None].astype(jnp.float32)], axis=1
    )
    nothing = jnp.zeros(6).at[5].set(-1.0)

    def pick(left: Array, _: None) -> tuple[Array, Array]:
        best = jnp.argmax(left)
        row = jnp.where(left[best] > 0, rows[best], nothing)
        overlap = boxes.overlaps(row[None, :4], candidates)[0]
        gone = (overlap > _MOST_OVERLAP) & (label == row[5])
        return jnp.where(gone, 0.0, left).at[best].set(0.0), row

    _, picked = jax.lax.scan(pick, scores, None, length=max_detections)
    return picked
