"""The likeliest classes of images, as a net from elsewhere sees them."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from depthstudy import data, nets, probes
from depthstudy.records import Prediction

_TOP = 5  # classes that are named of an image


def predictions(
    probe_input: probes.ProbeInput, pictures: Sequence[data.UnlabeledImage]
) -> Iterator[Prediction]:
    """Yields the five classes of greatest probability of each image that is no crop.

    A net of one logit tells two classes apart, by its sigmoid; one without a head tells none.
    """
    if not probe_input.network.num_classes:
        return
    shown = np.array([index for index, picture in enumerate(pictures) if picture.whole])
    dataset = probe_input.dataset
    for start in range(0, len(shown), probe_input.batch_size):
        rows = shown[start : start + probe_input.batch_size]
        batch = dataset.train.gather(np.resize(rows, probe_input.batch_size))
        images = data.normalize(batch.images, dataset.mean, dataset.std)
        batch_probabilities = np.asarray(
            _probabilities(probe_input.network, probe_input.variables, images)
        )
        for row, probabilities in zip(rows, batch_probabilities, strict=False):
            best = np.argsort(-probabilities, kind="stable")[:_TOP]
            for rank, number in enumerate(best.tolist(), start=1):
                yield Prediction(
                    image=pictures[row].name,
                    rank=rank,
                    number=number,
                    name=dataset.class_names[number],
                    probability=float(probabilities[number]),
                )


@functools.partial(jax.jit, static_argnums=0)
def _probabilities(
    network: nets.Network, variables: nets.Variables, images: Float[Array, "B H W C"]
) -> Float[Array, "B K"]:
    logits = jnp.asarray(network.apply(variables, images))
    if logits.shape[-1] == 1:
        logits = jnp.concatenate([jnp.zeros_like(logits), logits], axis=-1)
    return jax.nn.softmax(logits)
