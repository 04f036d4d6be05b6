"""Scores of untrained nets, which are said to rank nets without any training.

They are what Abdelfattah et al. 2021, "Zero-cost proxies for lightweight NAS" (arXiv 2101.08134),
compare: synflow (Tanaka et al. 2020, arXiv 2006.05467), the covariance of input gradients (Mellor
et al. 2020, arXiv 2006.04647, first version) and the norm of the gradient. They mostly grow with
parameters and depth, so a ranking by either is the control.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import traverse_util
from jaxtyping import Array, Float

from depthstudy import nets
from depthstudy.arch import ArchSpec, lowering
from depthstudy.arch.families.options import with_norm
from depthstudy.arch.layer_types import GroupNorm, LayerNorm
from depthstudy.probes.backprop.gradient_norms import gradient_norms
from depthstudy.probes.measurement import Measurement
from depthstudy.probes.probe_input import Examples, NotApplicable, Probe, ProbeInput
from depthstudy.records import Metric

_IMAGES = 64  # of the one batch that is looked at
_FAINT = 1e-30  # what stands for ones where these overflow
_SMALL = 1e-5  # is added to eigenvalues, as by Mellor et al.


def measure(probe_input: ProbeInput) -> Iterator[Measurement]:
    """Yields ``log10_synflow``, ``jacobian_covariance`` and ``total_gradient_norm`` of the start.

    Raises:
      NotApplicable: The net is a detector, the start is not known, or a score is not finite.
    """
    probe_input.require_classifier()
    if probe_input.initial is None:
        raise NotApplicable("the start of the net is not known")
    batch = _one_batch(probe_input)
    network, variables = probe_input.network.deterministic, probe_input.initial
    norms = gradient_norms(network, probe_input.task, (), variables, batch).kernels
    scores = {
        "log10_synflow": log10_synflow(network, variables, batch.images[:1]),
        "jacobian_covariance": jacobian_covariance(
            np.asarray(input_gradients(network, variables, batch.images), np.float64)
        ),
        "total_gradient_norm": float(sum(norms.values())),
    }
    for metric, value in scores.items():
        if np.isfinite(value):
            yield Measurement("", metric, value)
    if unknown := [metric for metric, value in scores.items() if not np.isfinite(value)]:
        raise NotApplicable(f"not finite: {', '.join(unknown)}")


def _one_batch(probe_input: ProbeInput) -> Examples:
    batch = next(probe_input.batches(probe_input.dataset.train))
    real = np.flatnonzero(np.asarray(batch.weights))[:_IMAGES]
    if len(real) < 2:
        raise NotApplicable("scores need two images")
    return Examples(batch.images[real], batch.labels[real], batch.weights[real])


def log10_synflow(
    network: nets.Net, variables: nets.Variables, image: Float[Array, "1 H W C"]
) -> float:
    """Returns the logarithm of ``synflow`` on an image of ones of this shape.

    Normalization by groups or pixels would keep the product of weights from reaching the logits, so
    that it is left out.

    Where that leaves the range of float32 the image is ``_FAINT``, and as much is added: without
    gates a net of rectifiers gives out so much less.
    """
    network, variables = _unnormalized(network, variables, image)
    ones = jnp.ones_like(image)
    whole = float(synflow(network, variables, ones))
    if np.isfinite(whole):
        return float(np.log10(whole)) if whole > 0 else float("nan")
    return float(np.log10(float(synflow(network, variables, _FAINT * ones)) / _FAINT))


def _unnormalized(
    network: nets.Net, variables: nets.Variables, image: Float[Array, "1 H W C"]
) -> tuple[nets.Net, nets.Variables]:
    """Returns a net with the same kernels, without normalization by the image itself."""
    spec = network.spec
    if not isinstance(spec, ArchSpec) or not _normalizes_by_image(spec):
        return network, variables
    bare = nets.build(with_norm(spec, "none"))
    _, height, width, channels = image.shape
    shape = height, width, channels
    shapes = jax.eval_shape(lambda: nets.init(bare, jax.random.key(0), shape))
    weights = traverse_util.flatten_dict(variables["params"])
    params = {
        path: weights[path] if path in weights else jnp.zeros(leaf.shape, leaf.dtype)
        for path, leaf in traverse_util.flatten_dict(shapes["params"]).items()
    }  # biases alone are new: those of convolutions that nothing normalizes
    return bare, {"params": traverse_util.unflatten_dict(params)}


def _normalizes_by_image(spec: ArchSpec) -> bool:
    return any(
        isinstance(layer, GroupNorm | LayerNorm)
        for section in lowering.sections(spec)
        for layer in (*section.before, *section.branch, *(section.shortcut or ()), *section.after)
    )


@functools.partial(jax.jit, static_argnums=0)
def synflow(
    network: nets.Net, variables: nets.Variables, image: Float[Array, "1 H W C"]
) -> Float[Array, ""]:
    """Returns the sum over kernels of weight times gradient, all weights taken as positive.

    The sum of the logits is differentiated; batch normalization is by the statistics of the start,
    which leave numbers as they are.
    """

    def total(params: Any) -> Float[Array, ""]:
        return jnp.sum(network.apply({**variables, "params": params}, image))

    positive = jax.tree.map(jnp.abs, variables["params"])
    slopes = traverse_util.flatten_dict(jax.grad(total)(positive))
    weights = traverse_util.flatten_dict(positive)
    kernels = [path for path in weights if path[-1] == "kernel"]
    return jnp.sum(jnp.stack([jnp.sum(jnp.abs(weights[p] * slopes[p])) for p in kernels]))


@functools.partial(jax.jit, static_argnums=0)
def input_gradients(
    network: nets.Net, variables: nets.Variables, images: Float[Array, "B H W C"]
) -> Float[Array, "B pixels"]:
    """Returns the gradient of the sum of the logits with respect to each image, in train mode."""

    def total(images: Float[Array, "B H W C"]) -> Float[Array, ""]:
        logits, _ = network.apply(variables, images, train=True, mutable=["batch_stats"])
        return jnp.sum(logits)

    return jax.grad(total)(images).reshape(len(images), -1)


def jacobian_covariance(gradients: Float[np.ndarray, "B pixels"]) -> float:
    """Returns how unlike the gradients of images are: 0 less log(v) + 1/v of the eigenvalues.

    ``v`` are the eigenvalues of their correlations, with a small number added. A net whose
    gradients are all unlike has eigenvalues of 1 and the score ``-images``.

    >>> round(jacobian_covariance(np.array([[1.0, -1.0, 0.0], [1.0, 1.0, -2.0]])), 3)
    -2.0
    """
    if not np.isfinite(gradients).all() or np.any(gradients.std(axis=1) == 0):
        return float("nan")
    values = np.maximum(np.linalg.eigvalsh(np.corrcoef(gradients)), 0) + _SMALL
    return float(-np.sum(np.log(values) + 1 / values))


ZERO_COST = Probe(
    title="Scores of the untrained net",
    description="what is said to rank nets without training them (Abdelfattah et al. 2021)",
    measure=measure,
    metrics=(
        Metric(
            name="log10_synflow",
            title="Synflow",
            better="higher",
            unit="decades",
            description="weight times gradient, all weights positive, on an image of ones",
        ),
        Metric(
            name="jacobian_covariance",
            title="Covariance of input gradients",
            better="higher",
            description="the greater, the less alike the input gradients of images are",
        ),
        Metric(
            name="total_gradient_norm",
            title="Gradient norm",
            better="higher",
            description="sum over layers of the norm of the loss's gradient",
        ),
    ),
    labels=True,
)
