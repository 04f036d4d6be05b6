"""One step of training and one batch of evaluation, as pure functions of one net's state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, cast

import flax.struct
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int

from depthstudy import nets
from depthstudy.config import DataConfig, TrainConfig
from depthstudy.data import Batch, Dataset, augment, normalize
from depthstudy.train import precision


class TrainState(flax.struct.PyTreeNode):
    """Everything that training changes. The step number is the whole state of data and keys.

    Fields are untyped, as JAX puts shapes, shardings and more in the place of arrays.
    """

    step: Any
    params: Any
    batch_stats: Any
    opt_state: Any
    loss_scale: Any = None

    @property
    def variables(self) -> dict[str, Any]:
        """What ``Network.apply`` takes."""
        return {"params": self.params, "batch_stats": self.batch_stats}


class StepMetrics(NamedTuple):
    """Mean over the batch of a step, in train mode; the loss itself is not scaled.

    ``loss_scale`` is that of the next step.
    """

    loss: Float[Array, ""]
    error: Float[Array, ""]
    loss_scale: precision.LossScale | None = None


class EvalSums(NamedTuple):
    """Sums over the examples of a batch."""

    loss: Float[Array, ""]
    errors: Float[Array, ""]
    examples: Float[Array, ""]


_DROPOUT_STREAM = 0xD07  # folded into a step's key, and clear of the few that a split gives

TrainStep = Callable[[TrainState, Batch, jax.Array], tuple[TrainState, StepMetrics]]
EvalStep = Callable[[TrainState, Batch, jax.Array], EvalSums]


def init_state(
    network: nets.Network,
    optimizer: optax.GradientTransformation,
    image_shape: tuple[int, int, int],
    *,
    key: jax.Array,
    start: nets.Variables | None = None,
    loss_scale: precision.LossScale | None = None,
) -> TrainState:
    """Returns the state before the first step, with parameters from ``start`` or else drawn."""
    variables = start or nets.init(network, key, image_shape)
    return TrainState(
        step=jnp.zeros((), jnp.int32),
        params=variables["params"],
        batch_stats=variables.get("batch_stats", {}),
        opt_state=optimizer.init(variables["params"]),
        loss_scale=loss_scale,
    )


def make_train_step(
    network: nets.Network,
    optimizer: optax.GradientTransformation,
    dataset: Dataset,
    data: DataConfig,
    config: TrainConfig,
) -> TrainStep:
    """Returns ``train_step(state, batch, key) -> (state, metrics)``.

    ``key`` is the key of this step: of its augmentation and, folded, of dropout and stochastic
    depth. So nets with and without dropout see the same images.

    With a loss scale, a step whose gradients are not finite changes nothing but step and scale.
    """

    def train_step(
        state: TrainState, batch: Batch, key: jax.Array
    ) -> tuple[TrainState, StepMetrics]:
        images = augment(batch.images, key=key, config=data)
        images = normalize(images, dataset.mean, dataset.std)
        draws = network.spec.is_stochastic
        rngs = {"dropout": jax.random.fold_in(key, _DROPOUT_STREAM)} if draws else {}

        def mean_loss(params: Any) -> tuple[Array, tuple[Array, Array, Any]]:
            logits, updates = network.apply(
                {"params": params, "batch_stats": state.batch_stats},
                images,
                train=True,
                mutable=["batch_stats"],
                rngs=rngs,
            )
            loss = cross_entropy(logits, batch.labels, config.label_smoothing).mean()
            return precision.scaled(loss, state.loss_scale), (loss, logits, updates)

        gradients, (loss, logits, updates) = jax.grad(mean_loss, has_aux=True)(state.params)
        gradients = precision.unscaled(gradients, state.loss_scale)
        changes, opt_state = optimizer.update(gradients, state.opt_state, state.params)
        after = state.replace(
            params=optax.apply_updates(state.params, changes),
            batch_stats=updates.get("batch_stats", {}),
            opt_state=opt_state,
        )
        if state.loss_scale is not None:
            finite = precision.all_finite(gradients)
            after = precision.pick(finite, after, state)
            after = after.replace(loss_scale=precision.adjusted(state.loss_scale, finite))
        error = _wrong(logits, batch.labels).mean()
        return after.replace(step=state.step + 1), StepMetrics(loss, error, after.loss_scale)

    return train_step


def make_eval_step(network: nets.Network, dataset: Dataset) -> EvalStep:
    """Returns ``eval_step(state, batch, weights) -> sums``, in eval mode, without augmentation."""

    def eval_step(state: TrainState, batch: Batch, weights: Float[Array, " B"]) -> EvalSums:
        images = normalize(batch.images, dataset.mean, dataset.std)
        logits = cast(Array, network.apply(state.variables, images))
        return EvalSums(
            loss=jnp.sum(weights * cross_entropy(logits, batch.labels)),
            errors=jnp.sum(weights * _wrong(logits, batch.labels)),
            examples=jnp.sum(weights),
        )

    return eval_step


def cross_entropy(
    logits: Float[Array, "B K"], labels: Int[Array, " B"], smoothing: float = 0.0
) -> Float[Array, " B"]:
    """Returns each example's loss in nats; ``smoothing`` of the target is spread over all classes.

    Szegedy et al. 2016, section 7.
    """
    targets = optax.smooth_labels(jax.nn.one_hot(labels, logits.shape[-1]), smoothing)
    return optax.softmax_cross_entropy(logits, targets)


def _wrong(logits: Float[Array, "B K"], labels: Int[Array, " B"]) -> Float[Array, " B"]:
    return (jnp.argmax(logits, axis=-1) != labels).astype(jnp.float32)
