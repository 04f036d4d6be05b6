"""Norms of the loss's gradient with respect to kernels and to the outputs of blocks."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from flax import traverse_util
from jaxtyping import Array, Float

from depthstudy import nets, tasks
from depthstudy.probes.probe_input import Examples, NotApplicable, ProbeInput, train_loss

_BATCHES = 4  # over which norms are averaged

Norms = Mapping[str, Any]  # by layer


class GradientNorms(NamedTuple):
    """Norms at one point of the parameters.

    Attributes:
      kernels: Of the mean loss's gradient with respect to each kernel.
      outputs: Of one example's share in the loss with respect to each block's output; the root
        of the mean square over examples.
      weights: Of the kernels themselves.
    """

    kernels: Norms
    outputs: Norms
    weights: Norms


def mean_norms(probe_input: ProbeInput, variables: nets.Variables) -> GradientNorms:
    """Returns norms, averaged over a few train batches, of which each image counts alike.

    Raises:
      NotApplicable: They are not finite.
    """
    network, task, blocks = probe_input.network, probe_input.task, probe_input.block_names
    batch_norms: list[GradientNorms] = []
    images: list[float] = []
    for batch in itertools.islice(probe_input.batches(probe_input.dataset.train), _BATCHES):
        norms = gradient_norms(network, task, blocks, variables, batch)
        batch_norms.append(jax.device_get(norms))
        images.append(float(batch.weights.sum()))
    means: GradientNorms = jax.tree.map(
        lambda *norms: np.average(np.asarray(norms, np.float64), weights=images), *batch_norms
    )
    if not np.all(np.isfinite(jax.tree.leaves(means))):
        raise NotApplicable("gradients are not finite")
    return means


@functools.partial(jax.jit, static_argnums=(0, 1, 2))
def gradient_norms(
    network: nets.Net,
    task: tasks.LearningTask,
    blocks: tuple[str, ...],
    variables: nets.Variables,
    batch: Examples,
) -> GradientNorms:
    """Returns the norms on one batch; ``blocks`` are paths of the blocks whose outputs count."""
    network = network.deterministic

    def loss(params: Any, shifts: Mapping[str, Array]) -> Float[Array, ""]:
        with nn.intercept_methods(_shifted(shifts)):
            return train_loss(network, task, {**variables, "params": params}, batch)

    count = jnp.sum(batch.weights)
    _, shapes = jax.eval_shape(
        lambda images: nets.outputs(network, variables, images), batch.images
    )
    shifts = {name: jnp.zeros(shapes[name].shape, shapes[name].dtype) for name in blocks}
    of_params, of_outputs = jax.grad(loss, argnums=(0, 1))(variables["params"], shifts)
    return GradientNorms(
        kernels=jax.tree.map(norm, _kernels(of_params)),
        # The mean over examples divided each one's gradient by their number.
        outputs=jax.tree.map(lambda x: norm(x) * jnp.sqrt(count), of_outputs),
        weights=jax.tree.map(norm, _kernels(variables["params"])),
    )


def norm(x: Float[Array, "*shape"]) -> Float[Array, ""]:
    """Returns the Euclidean norm, also of numbers whose squares would leave float32's range."""
    largest = jnp.max(jnp.abs(x))
    scale = jnp.where(largest > 0, largest, 1)
    return scale * jnp.sqrt(jnp.sum((x / scale) ** 2))


def _kernels(params: Any) -> dict[str, Array]:
    flat = traverse_util.flatten_dict(params)
    return {"/".join(path[:-1]): leaf for path, leaf in flat.items() if path[-1] == "kernel"}


def _shifted(shifts: Mapping[str, Array]) -> Callable[..., Any]:
    """Returns a Flax interceptor that adds ``shifts`` to the outputs of the modules they name.

    Of a module that is called several times it is the first output, as in ``nets.outputs``.
    """
    left = dict(shifts)

    def add(
        call: Callable[..., Any], args: Any, kwargs: Any, context: nn.module.InterceptorContext
    ) -> Any:
        result = call(*args, **kwargs)
        if context.method_name != "__call__":
            return result
        shift = left.pop("/".join(context.module.path), None)
        return result if shift is None else result + shift

    return add
