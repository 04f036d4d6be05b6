"""One step of training and one batch of evaluation, as pure functions of one net's state."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import flax.struct
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from depthstudy import nets, tasks
from depthstudy.config import DataConfig, TrainConfig
from depthstudy.data import Batch, Dataset, normalize
from depthstudy.train.steps import precision
from depthstudy.train.steps.accumulation import Part, accumulated


class TrainState(flax.struct.PyTreeNode):
    """Everything that training changes. The step number is the whole state of data and keys.

    Fields are untyped, as JAX puts shapes, shardings and more in the place of arrays. Where weights
    are averaged, ``params`` and ``batch_stats`` are the average, which is evaluated and kept, and
    ``trained`` has those that are trained.
    """

    step: Any
    params: Any
    batch_stats: Any
    opt_state: Any
    loss_scale: Any = None
    trained: Any = None

    @property
    def variables(self) -> dict[str, Any]:
        """What ``nets.Net.apply`` takes."""
        return {"params": self.params, "batch_stats": self.batch_stats}


class StepMetrics(NamedTuple):
    """Mean over the batch of a step, in train mode; the loss itself is not scaled.

    The loss is NaN also where the step leaves a parameter, or a statistic, that is not finite. No
    loss need show that: it is of the parameters before the step, and on a CPU even a later one may
    be finite. There a compiled rectifier with the sum behind it, as before the global mean of a
    net, was seen to turn NaN into 0, which neither does by itself; so the last rectifier hides
    every NaN before it, and its gradient is 0, too.

    ``loss_scale`` is that of the next step.
    """

    loss: Float[Array, ""]
    error: Float[Array, ""]
    loss_scale: precision.LossScale | None = None


class EvalResult(NamedTuple):
    """A batch as it was evaluated; an example of weight 0 has loss 0 and does not count."""

    loss: Float[Array, ""]  # sum over the examples, in nats, undivided
    loss_count: Float[Array, ""]  # sum of what ``tasks.LearningTask.loss_terms`` counts of each
    errors: Float[Array, " B"]
    answers: Mapping[str, Array]  # of each example, as ``tasks.LearningTask.answers`` names them


_DROPOUT_STREAM = 0xD07  # folded into a step's key, and clear of the few that a split gives

TrainStep = Callable[[TrainState, Batch, jax.Array, jax.Array], tuple[TrainState, StepMetrics]]
EvalStep = Callable[[TrainState, Batch, jax.Array], EvalResult]


def init_state(
    network: nets.Net,
    optimizer: optax.GradientTransformation,
    image_shape: tuple[int, int, int],
    *,
    key: jax.Array,
    start: nets.Variables | None = None,
    loss_scale: precision.LossScale | None = None,
    averaged: bool = False,
) -> TrainState:
    """Returns the state before the first step, with parameters from ``start`` or else drawn."""
    variables = start or nets.init(network, key, image_shape)
    trained = {"params": variables["params"], "batch_stats": variables.get("batch_stats", {})}
    return TrainState(
        step=jnp.zeros((), jnp.int32),
        params=variables["params"],
        batch_stats=variables.get("batch_stats", {}),
        opt_state=optimizer.init(variables["params"]),
        loss_scale=loss_scale,
        trained=jax.tree.map(jnp.copy, trained) if averaged else None,
    )


def make_train_step(
    network: nets.Net,
    optimizer: optax.GradientTransformationExtraArgs,
    dataset: Dataset,
    data: DataConfig,
    config: TrainConfig,
    *,
    unroll: bool = False,
) -> TrainStep:
    """Returns ``train_step(state, batch, key, rate) -> (state, metrics)``.

    ``key`` is the key of this step: of its augmentation and, folded, of dropout and stochastic
    depth. So nets with and without dropout see the same images. ``rate`` is its learning rate.

    With a loss scale, a step whose gradients are not finite changes nothing but step and scale.
    ``unroll`` is for a CPU: the parts of a batch are gone through without a loop.
    """
    task, optimizer = tasks.of(dataset), optax.with_extra_args_support(optimizer)
    if dataset.train.crops:  # what is cropped from the image file is not cropped again
        data = dataclasses.replace(data, crop_area=1.0)

    def train_step(
        state: TrainState, batch: Batch, key: jax.Array, rate: jax.Array
    ) -> tuple[TrainState, StepMetrics]:
        images, labels = task.augment(batch.images, batch.labels, key=key, config=data)
        images = normalize(images, dataset.mean, dataset.std)
        params, batch_stats = _trained(state)

        def mean_loss(
            params: Any, batch_stats: Any, part: Batch, dropout: jax.Array
        ) -> tuple[Array, Part]:
            logits, updates = network.apply(
                {"params": params, "batch_stats": batch_stats},
                part.images,
                train=True,
                mutable=["batch_stats"],
                rngs={"dropout": dropout} if network.is_stochastic else {},
            )
            loss = task.loss(logits, part.labels, config.label_smoothing).mean()
            error = task.errors(logits, part.labels).mean()
            moved = updates.get("batch_stats", {})
            return precision.scaled(loss, state.loss_scale), Part(loss, error, moved)

        gradients, (loss, error, batch_stats) = accumulated(
            jax.grad(mean_loss, has_aux=True),
            params,
            batch_stats,
            Batch(images, labels),
            jax.random.fold_in(key, _DROPOUT_STREAM),
            parts=config.gradient_accumulation,
            unroll=unroll,
        )
        gradients = precision.unscaled(gradients, state.loss_scale)
        changes, opt_state = optimizer.update(
            gradients, state.opt_state, params, rate=rate, step=state.step
        )
        params = optax.apply_updates(params, changes)
        after = _moved(state, params, batch_stats, config.average_decay)
        after = after.replace(opt_state=opt_state)
        if state.loss_scale is not None:
            finite = precision.all_finite(gradients)
            after = optax.tree.where(finite, after, state)
            after = after.replace(loss_scale=precision.adjusted(state.loss_scale, finite))
        loss = jnp.where(precision.all_finite(after.variables), loss, jnp.nan)
        return after.replace(step=state.step + 1), StepMetrics(loss, error, after.loss_scale)

    return train_step


def _trained(state: TrainState) -> tuple[Any, Any]:
    """Returns the parameters and statistics that are trained."""
    if state.trained is None:
        return state.params, state.batch_stats
    return state.trained["params"], state.trained["batch_stats"]


def _moved(state: TrainState, params: Any, batch_stats: Any, decay: float) -> TrainState:
    """Returns the state with what was trained, and with its average where there is one."""
    if state.trained is None:
        return state.replace(params=params, batch_stats=batch_stats)
    kept = jnp.minimum(decay, (1 + state.step) / (10 + state.step))
    trained = {"params": params, "batch_stats": batch_stats}

    def averaged(past: Array, now: Array) -> Array:
        floating = jnp.issubdtype(now.dtype, jnp.floating)  # a count of steps is no mean
        return kept * past + (1 - kept) * now if floating else now

    average = jax.tree.map(averaged, state.variables, trained)
    return state.replace(**average, trained=trained)


def make_eval_step(network: nets.Net, dataset: Dataset) -> EvalStep:
    """Returns ``eval_step(state, batch, weights) -> result``, in eval mode, not augmented."""
    task = tasks.of(dataset)

    def eval_step(state: TrainState, batch: Batch, weights: Float[Array, " B"]) -> EvalResult:
        images = normalize(batch.images, dataset.mean, dataset.std)
        logits = network.apply(state.variables, images)
        losses, counts = task.loss_terms(logits, batch.labels)
        return EvalResult(
            loss=jnp.sum(weights * losses),
            loss_count=jnp.sum(weights * counts),
            errors=weights * task.errors(logits, batch.labels),
            answers=dict(task.answers(logits, batch.labels)),
        )

    return eval_step
