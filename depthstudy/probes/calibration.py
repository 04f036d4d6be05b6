"""Batch statistics for a net that has not been trained.

A fresh net's running mean is 0 and its running variance 1: in eval mode it does not normalise at
all, and so is not the net that training starts from. Probes that need eval mode give it the
statistics of a batch first.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

import jax
from jaxtyping import Array, Float

from depthstudy import nets
from depthstudy.probes.subject import Subject


def states(subject: Subject) -> Iterator[tuple[str, nets.Variables]]:
    """Yields the variables that eval-mode probes look at, each with the suffix of its metrics.

    These are the subject's own with ``""``, and where the initial ones are known, those with
    ``"_initial"`` and the statistics of one train batch.
    """
    yield "", subject.variables
    if subject.initial is not None:
        examples = next(subject.batches(subject.dataset.train))
        yield "_initial", calibrated(subject.network, subject.initial, examples.images)


@functools.partial(jax.jit, static_argnums=0)
def calibrated(
    network: nets.Network, variables: nets.Variables, images: Float[Array, "B H W C"]
) -> nets.Variables:
    """Returns the variables with running statistics that are exactly those of ``images``."""
    zeros = jax.tree.map(lambda x: 0 * x, dict(variables.get("batch_stats", {})))
    _, changed = nets.Network(network.spec.still).apply(
        {"params": variables["params"], "batch_stats": zeros},
        images,
        train=True,
        mutable=["batch_stats"],
    )
    new_share = 1 - network.spec.norm_momentum
    statistics = jax.tree.map(lambda x: x / new_share, changed.get("batch_stats", {}))
    return {"params": variables["params"], "batch_stats": statistics}
