"""A net with its variables: what it gets wrong, and what it is without some of its blocks."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float64

from depthstudy import nets, tasks
from depthstudy.arch import ArchSpec
from depthstudy.nets import surgery
from depthstudy.probes.probe_input import Examples, ProbeInput, full_float32
from depthstudy.probes.samples import by_image

_ESTIMATED_FROM = 1_000  # train examples, which is plenty for mean and variance


class BoundNet(NamedTuple):
    """A net with its variables."""

    network: nets.Net
    variables: nets.Variables


def errors(
    probe_input: ProbeInput, variants: Sequence[BoundNet]
) -> Float64[np.ndarray, "n variants"]:
    """Returns the error of each test image by each of several nets."""
    task = probe_input.task

    def numbers(examples: Examples) -> list[Array]:  # all variants, so that it is read once
        return [_wrong(*variant, task, examples) for variant in variants]

    return by_image(probe_input, probe_input.dataset.test, numbers)


def deletion_damage(probe_input: ProbeInput) -> dict[str, float]:
    """Returns the mean train loss in nats that taking out each block adds, by the block's path.

    The loss is of the train split, so that blocks to prune are not chosen by the test set. Blocks
    whose shortcut is not the identity cannot be taken out and are left out.
    """
    whole, task = BoundNet(probe_input.network, probe_input.variables), probe_input.task
    removable = surgery.removable(probe_input.spec)
    trials = [whole, *(without(probe_input.spec, whole, [path]) for path in removable)]
    sums = np.zeros(len(trials))
    count = 0.0
    with full_float32():
        for examples in probe_input.batches(probe_input.dataset.train):
            sums += [float(_loss(*trial, task, examples)) for trial in trials]
            count += float(examples.weights.sum())
    before, *after = sums / count
    return {path: loss - before for path, loss in zip(removable, after, strict=True)}


@functools.partial(jax.jit, static_argnames=("network", "task"))
def _loss(
    network: nets.Net, variables: nets.Variables, task: tasks.LearningTask, examples: Examples
) -> Float[Array, ""]:
    outputs = network.apply(variables, examples.images)
    return jnp.sum(examples.weights * task.loss(outputs, examples.labels))


@functools.partial(jax.jit, static_argnames=("network", "task"))
def _wrong(
    network: nets.Net, variables: nets.Variables, task: tasks.LearningTask, examples: Examples
) -> Float[Array, " B"]:
    return task.errors(network.apply(variables, examples.images), examples.labels)


def without(spec: ArchSpec, whole: BoundNet, paths: Sequence[str]) -> BoundNet:
    """Returns a net without some blocks: the same one with zeros wherever these take them out."""
    left, variables = surgery.without_blocks(spec, whole.variables, paths)
    return BoundNet(whole.network if left == spec else nets.build(left), variables)


def reestimate(probe_input: ProbeInput, variant: BoundNet) -> BoundNet:
    """Returns a net with batch statistics of its train examples."""
    fewer = dataclasses.replace(probe_input, examples=min(probe_input.examples, _ESTIMATED_FROM))
    images = (examples.images for examples in fewer.batches(probe_input.dataset.train))
    return variant._replace(variables=surgery.recalibrate_batch_norm(*variant, images))
