"""Sharpness: the largest eigenvalues of the train loss's Hessian.

They bound the learning rate that training stands (2 over the largest), and flat minima may
generalize better: Keskar et al. 2017 (arXiv 1609.04836), Ghorbani et al. 2019 (arXiv 1901.10159).
The Hessian is met only in products with vectors (Pearlmutter 1994), and Lanczos's method, ARPACK's
with restarts and full reorthogonalization, finds the ends of its spectrum. The iteration runs on
the host: a convolution inside a compiled loop is 20 times slower on a CPU.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse.linalg
from jax import flatten_util
from jaxtyping import Array, Float, Float64

from depthstudy import nets, tasks
from depthstudy.probes.measurement import Measurement
from depthstudy.probes.probe_input import Examples, NotApplicable, Probe, ProbeInput
from depthstudy.probes.samples import of_column
from depthstudy.records import Metric

_EIGENVALUES = 5
_EXAMPLES = 250
_TOLERANCE = 1e-2  # relative, of an eigenvalue; a bound that the true error is far below
_VECTORS = 3  # that are kept, for each eigenvalue wanted
_RESTARTS = 10

Vector = Float64[np.ndarray, " P"]


def measure(probe_input: ProbeInput) -> Iterator[Measurement]:
    """Yields ``hessian_eigenvalue_1``, the largest, to ``hessian_eigenvalue_5``, of the mean loss.

    The loss is that of 250 fixed train examples (rounded up to whole batches), in eval mode. Should
    Lanczos's method not settle, fewer than five are yielded.

    Raises:
      NotApplicable: The Hessian is not finite.
    """
    count = -(-_EXAMPLES // probe_input.batch_size)
    batches = list(itertools.islice(probe_input.batches(probe_input.dataset.train), count))
    examples = sum(float(np.sum(batch.weights)) for batch in batches)
    start, _ = flatten_util.ravel_pytree(probe_input.variables["params"])

    def product(direction: Vector) -> Vector:
        flat = jnp.asarray(direction, jnp.float32)
        parts = [
            _product(probe_input.network, probe_input.task, probe_input.variables, batch, flat)
            for batch in batches
        ]
        return np.sum(np.asarray(parts, np.float64), axis=0) / examples

    eigenvalues, vectors = top_eigenpairs(product, len(start), _EIGENVALUES, seed=probe_input.seed)
    if not len(eigenvalues):
        return
    curved = _curvatures(probe_input, batches, vectors)
    groups = (curved + (eigenvalues - curved.mean(axis=0)),)
    for rank, value in enumerate(eigenvalues, start=1):
        sample = of_column(groups, rank - 1)
        yield Measurement("", f"hessian_eigenvalue_{rank}", float(value), sample)


def _curvatures(
    probe_input: ProbeInput, batches: Iterable[Examples], directions: Float64[np.ndarray, "P k"]
) -> Float64[np.ndarray, "n k"]:
    """Returns the second derivative of each example's loss along each direction.

    Along an eigenvector it is, to first order, how the eigenvalue changes with the example's
    weight.
    """
    columns = [jnp.asarray(direction, jnp.float32) for direction in directions.T]
    rows = []
    for batch in batches:
        counted = np.asarray(batch.weights) > 0
        network, task, variables = probe_input.network, probe_input.task, probe_input.variables
        curvatures = [_curvature(network, task, variables, batch, column) for column in columns]
        rows.append(np.stack(curvatures, axis=1).astype(np.float64)[counted])
    return np.concatenate(rows)


def top_eigenpairs(
    product: Callable[[Vector], Vector],
    size: int,
    count: int,
    *,
    seed: int = 0,
    tolerance: float = _TOLERANCE,
) -> tuple[Float64[np.ndarray, " count"], Float64[np.ndarray, "size count"]]:
    """Returns the algebraically largest eigenvalues of a symmetric matrix, the largest first.

    Args:
      product: Multiplies the matrix with a vector.
      size: Side of the matrix.
      count: Eigenvalues wanted, fewer than ``size``; fewer are returned if not all settle.
      seed: Seed of the first vector.
      tolerance: Relative error at which an eigenvalue has settled.

    Returns:
      The eigenvalues, and their vectors of length 1 as columns.

    Raises:
      NotApplicable: A product is not finite, or the matrix is 0.
    """

    def checked(direction: Vector) -> Vector:
        result = product(direction.ravel())
        if not np.all(np.isfinite(result)):
            raise NotApplicable("the Hessian is not finite")
        return result

    try:
        values, vectors = scipy.sparse.linalg.eigsh(
            scipy.sparse.linalg.LinearOperator((size, size), matvec=checked, dtype=np.float64),
            k=count,
            which="LA",
            v0=np.random.default_rng(seed).standard_normal(size),
            ncv=min(size, _VECTORS * count),
            tol=tolerance,
            maxiter=_RESTARTS,
        )
    except scipy.sparse.linalg.ArpackNoConvergence as error:
        values, vectors = error.eigenvalues, error.eigenvectors
    except scipy.sparse.linalg.ArpackError as error:
        raise NotApplicable(f"Lanczos's method broke down: {error}") from error
    order = np.argsort(values)[::-1]
    return values[order], vectors[:, order]


@functools.partial(jax.jit, static_argnums=(0, 1))
def _product(
    network: nets.Net,
    task: tasks.LearningTask,
    variables: nets.Variables,
    batch: Examples,
    direction: Float[Array, " P"],
) -> Float[Array, " P"]:
    """Returns the product of a vector with the Hessian of a batch's summed loss."""

    def loss(params: Any) -> Float[Array, ""]:
        outputs = network.apply({**variables, "params": params}, batch.images)
        losses = task.loss(outputs, batch.labels)
        return jnp.sum(batch.weights * losses)

    return hessian_product(loss, variables["params"], direction)


@functools.partial(jax.jit, static_argnums=(0, 1))
def _curvature(
    network: nets.Net,
    task: tasks.LearningTask,
    variables: nets.Variables,
    batch: Examples,
    direction: Float[Array, " P"],
) -> Float[Array, " B"]:
    """Returns the second derivative of each example's loss along a direction."""
    start, unravel = flatten_util.ravel_pytree(variables["params"])

    def losses(way: Float[Array, ""]) -> Float[Array, " B"]:
        params = unravel(start + way * direction)
        outputs = network.apply({**variables, "params": params}, batch.images)
        return task.loss(outputs, batch.labels)

    def slope(way: Float[Array, ""]) -> Float[Array, " B"]:
        return jax.jvp(losses, (way,), (jnp.ones(()),))[1]

    return jax.jvp(slope, (jnp.zeros(()),), (jnp.ones(()),))[1]


def hessian_product(
    loss: Callable[[Any], Float[Array, ""]], params: Any, direction: Float[Array, " P"]
) -> Float[Array, " P"]:
    """Returns the product of a loss's Hessian with a flat vector, forward over reverse."""
    _, unravel = flatten_util.ravel_pytree(params)
    _, result = jax.jvp(jax.grad(loss), (params,), (unravel(direction),))
    return flatten_util.ravel_pytree(result)[0]


SHARPNESS = Probe(
    title="Sharpness",
    description=(
        "largest eigenvalues of the train loss's Hessian, by Lanczos (Keskar 2017, Ghorbani 2019)"
    ),
    measure=measure,
    metrics=(
        Metric(
            name="hessian_eigenvalue_1",
            title="Hessian eigenvalue 1",
            better="lower",
            description="curvature of the train loss in its steepest direction; large: a sharp "
            "minimum",
        ),
        Metric(
            name="hessian_eigenvalue_*",
            title="Hessian eigenvalue *",
            better="lower",
            description="the same in the next direction",
        ),
    ),
    labels=True,
    logits=2,
    images=20,
)
