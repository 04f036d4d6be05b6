"""Gradients too small for float16: which layers would learn nothing, and does scaling save them?

A gradient below ``2**-14`` has fewer than 11 bits in float16, and below ``2**-25`` it is zero.
Multiplying the loss by a scale lifts all gradients above that (Micikevicius et al. 2018, arXiv
1710.03740, figure 3). The net runs in float16 as in training: in train mode, with no augmentation.
Dense layers are left out: they compute in float32.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import traverse_util
from jaxtyping import Array, Float

from depthstudy import nets, tasks
from depthstudy.errors import InputError
from depthstudy.probes.measurement import Measurement
from depthstudy.probes.probe_input import (
    Examples,
    NotApplicable,
    Probe,
    ProbeInput,
    train_loss,
)
from depthstudy.probes.times import BEFORE_AND_AFTER, at_each_time
from depthstudy.records import Metric

_SCALE = 2.0**15  # at which dynamic scaling starts; halved, as in training, until nothing overflows
_LEAST_NORMAL = float(np.finfo(np.float16).tiny)

Kernels = Mapping[str, Array]  # by layer


class Shares(NamedTuple):
    """Shares that float16 loses of the gradient's numbers that are not 0 in float32.

    Attributes:
      small: Those that are 0 or subnormal in float16.
      zero: Those that are 0.
    """

    small: float
    zero: float


def measure(probe_input: ProbeInput) -> Iterator[Measurement]:
    """Yields shares for each convolution's kernel and for all, without and with loss scaling.

    ``underflow`` is the share of the gradient's numbers, of those that are not 0 in float32, that
    are 0 or subnormal in float16; ``underflow_to_zero`` those that are 0. With scaling the names
    end in ``_scaled``; ``loss_scale`` is the scale. Where the initial variables are known, also of
    those, under names that end in ``_initial``.

    Raises:
      NotApplicable: The loss or a gradient is not finite in float32, or in float16 at any scale, or
        the net does not compute in float16.
    """
    try:
        probe_input.network.with_dtype(jnp.float16).check(probe_input.dataset.image_shape)
    except InputError as error:
        raise NotApplicable(f"the net does not compute in float16: {error}") from error
    if not _convolutions(probe_input.variables["params"]):
        raise NotApplicable("the net has no kernel of a convolution")
    states = {"": probe_input.variables, "_initial": probe_input.initial}
    yield from at_each_time(states.items(), functools.partial(_measure_at, probe_input))


def _measure_at(
    probe_input: ProbeInput, suffix: str, variables: nets.Variables
) -> Iterator[Measurement]:
    batch = next(probe_input.batches(probe_input.dataset.train))

    def gradients(dtype: Any, scale: float) -> dict[str, np.ndarray]:
        network = probe_input.network.deterministic.with_dtype(dtype)
        on_device = kernel_gradients(
            network, probe_input.task, variables, batch, jnp.float32(scale)
        )
        return jax.device_get(on_device)

    exact, half = gradients(jnp.float32, 1.0), gradients(jnp.float16, 1.0)
    for numbers, name in ((exact, "float32"), (half, "float16")):
        if not _finite(numbers):
            raise NotApplicable(f"gradients are not finite in {name}")
    yield from _measurements(exact, half, suffix)
    scale = _SCALE
    while not _finite(scaled := gradients(jnp.float16, scale)):
        scale /= 2
    yield from _measurements(exact, scaled, f"_scaled{suffix}")
    yield Measurement("", f"loss_scale{suffix}", scale)


def _finite(gradients: Mapping[str, np.ndarray]) -> bool:
    return all(np.isfinite(x).all() for x in gradients.values())


def _measurements(
    exact: Mapping[str, np.ndarray], half: Mapping[str, np.ndarray], suffix: str
) -> Iterator[Measurement]:
    whole = [np.concatenate([np.ravel(x) for x in part.values()]) for part in (exact, half)]
    pairs = {layer: (exact[layer], half[layer]) for layer in exact} | {"": tuple(whole)}
    for layer, (x, y) in pairs.items():
        if np.any(x):
            lost = shares(x, y)
            yield Measurement(layer, f"underflow{suffix}", lost.small)
            yield Measurement(layer, f"underflow_to_zero{suffix}", lost.zero)


def shares(exact: Float[np.ndarray, "*n"], half: Float[np.ndarray, "*n"]) -> Shares:
    """Returns the shares of numbers that float16 makes subnormal or 0.

    Args:
      exact: Numbers, of which not all are 0.
      half: The same as float16 has them, in any type.
    """
    in_half = half[exact != 0]
    small = np.abs(in_half) < _LEAST_NORMAL
    return Shares(float(small.mean()), float((in_half == 0).mean()))


@functools.partial(jax.jit, static_argnums=(0, 1))
def kernel_gradients(
    network: nets.Net,
    task: tasks.LearningTask,
    variables: nets.Variables,
    batch: Examples,
    scale: Float[Array, ""],
) -> Kernels:
    """Returns the gradient of ``scale`` times the mean loss with respect to convolutions' kernels.

    In the network's type, float16 say, each is a float16 number in an array of float32.
    """

    def loss(params: Any) -> Float[Array, ""]:
        return scale * train_loss(network, task, {**variables, "params": params}, batch)

    return _convolutions(jax.grad(loss)(variables["params"]))


def _convolutions(params: Any) -> Kernels:
    """Returns those of the parameters, or of their gradients, that are kernels of convolutions."""
    flat = traverse_util.flatten_dict(params)
    return {"/".join(path[:-1]): leaf for path, leaf in flat.items() if leaf.ndim == 4}


_LOST = {
    "underflow": (
        "Gradients lost in unscaled float16",
        "share of the gradient that is zero or inexact in float16",
    ),
    "underflow_scaled": (
        "Gradients lost with loss scaling",
        "share of the scaled gradient that is zero or inexact in float16",
    ),
    "underflow_to_zero": (
        "Gradients that become zero in unscaled float16",
        "share of the gradient that is zero in float16",
    ),
    "underflow_to_zero_scaled": (
        "Gradients that become zero with loss scaling",
        "share of the scaled gradient that is zero in float16",
    ),
}
UNDERFLOW = Probe(
    title="Gradients too small for float16",
    description="share of each layer's gradient that float16 loses, with and without loss scaling",
    measure=measure,
    metrics=(
        *(
            Metric(
                name=name,
                title=title,
                unit="fraction",
                per_layer=per_layer,
                better="lower",
                suffixes=BEFORE_AND_AFTER,
                description=description,
            )
            for name, (title, description) in _LOST.items()
            for per_layer in (False, True)
        ),
        Metric(
            name="loss_scale",
            title="Loss scale",
            scale="log",
            suffixes=BEFORE_AND_AFTER,
            description="what the loss is multiplied by",
        ),
    ),
    labels=True,
    logits=2,
)
