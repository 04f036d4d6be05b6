"""The optimizer of a run, as one optax chain, and its learning rate.

The learning rate is no constant of the compiled step but an argument of it, as are the length of
the training and of the warm-up that it follows from: runs that differ in these share one program.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from depthstudy import prune
from depthstudy.config import TrainConfig


class Hyperparameters(NamedTuple):
    """Settings of a run that a compiled step takes as numbers.

    Attributes:
      learning_rate: Peak learning rate.
      steps: Length of the training.
      warmup_steps: Steps over which the rate rises to its peak.
    """

    learning_rate: Any
    steps: Any
    warmup_steps: Any


def hyperparameters(config: TrainConfig, steps: int) -> Hyperparameters:
    """Returns the settings of a run of so many steps, as arrays."""
    return Hyperparameters(
        jnp.float32(config.learning_rate), jnp.int32(steps), jnp.int32(config.warmup_steps)
    )


def constant_part(config: TrainConfig) -> TrainConfig:
    """Returns a config without the settings that a compiled step takes as numbers or never sees.

    Runs whose configs have equal parts share one program, but for pruned ones.
    """
    return dataclasses.replace(
        config,
        learning_rate=1.0,
        warmup_steps=0,
        steps=1,
        epochs=1,
        least_steps=0,
        evaluations=1,
        save_seconds=0.0,
        save_minutes=None,
        eval_train_examples=1,
        keep_checkpoints=1,
    )


def rate_at(config: TrainConfig, settings: Hyperparameters, step: Any) -> Float[Array, ""]:
    """Returns the learning rate of a step, counted from 0.

    It rises linearly over the warm-up and then follows ``config.schedule``; boundaries of the step
    schedule are shares of the whole training, warm-up included.
    """
    peak, steps, warmup = settings
    since = step - warmup
    match config.schedule:
        case "constant":
            main = jnp.broadcast_to(peak, jnp.shape(since))
        case "cosine":
            length = jnp.maximum(1, steps - warmup)
            done = jnp.minimum(since, length) / length
            main = peak * 0.5 * (1 + jnp.cos(jnp.pi * done))
        case "step":
            shares = jnp.asarray(config.step_boundaries)
            falls = jnp.sum(since >= jnp.round(shares * steps) - warmup)
            main = peak * config.step_factor**falls
    rising = peak * (step + 1) / jnp.maximum(1, warmup)
    return jnp.where(step < warmup, rising, main)


def schedule(config: TrainConfig, steps: int) -> optax.Schedule:
    """Returns the learning rate as a function of the step, over a training of ``steps``."""
    settings = hyperparameters(config, steps)
    return lambda step: rate_at(config, settings, step)


def rates(config: TrainConfig, steps: int, count: int) -> list[float]:
    """Returns the learning rates of the first ``count`` steps of a training of ``steps``.

    >>> rates(TrainConfig(learning_rate=0.5, schedule="constant", warmup_steps=2), 10, 3)
    [0.25, 0.5, 0.5]
    """
    learning_rates: list[float] = jax.vmap(schedule(config, steps))(jnp.arange(count)).tolist()
    return learning_rates


@dataclasses.dataclass(frozen=True)
class Sparsity:
    """How weights are pruned while a net is trained.

    Attributes:
      pruner: What chooses masks.
      schedule: When, how far, and what is rewound.
    """

    pruner: prune.Pruner
    schedule: prune.Schedule


def learning_rate(
    config: TrainConfig, steps: int, sparsity: Sparsity | None = None
) -> optax.Schedule:
    """Returns the learning rate as a function of the step.

    Where pruning rewinds it, every round is followed by a whole schedule, as long as what is left
    of the training after the last round (Renda et al. 2020).
    """
    if sparsity is None or sparsity.schedule.rewind == "none":
        return schedule(config, steps)
    last = steps - sparsity.schedule.steps[-1]
    return prune.rewound(schedule(config, max(1, last)), sparsity.schedule)


RateOf = Callable[[Hyperparameters, Any], Any]  # settings of a run and a step to the learning rate


def rate_function(config: TrainConfig, steps: int, sparsity: Sparsity | None = None) -> RateOf:
    """Returns the learning rate as a function of the settings of a run and the step.

    Where weights are pruned, the schedule is that of this config and length.
    """
    if sparsity is None:
        return lambda settings, step: rate_at(config, settings, step)
    fixed = learning_rate(config, steps, sparsity)
    return lambda _, step: fixed(step)


def optimizer(
    config: TrainConfig, sparsity: Sparsity | None = None
) -> optax.GradientTransformationExtraArgs:
    """Returns SGD with momentum and L2 decay, or AdamW (Loshchilov & Hutter 2019).

    Its ``update`` takes the learning rate of the step as ``rate``, and its number as ``step``,
    which counts skipped steps. With ``sparsity``, pruned weights stay at zero.
    """
    chain = [prune.scale_penalty(config.scale_penalty)] if config.scale_penalty else []
    chain += [optax.clip_by_global_norm(config.gradient_clip)] if config.gradient_clip else []
    match config.optimizer:
        case "sgd":
            chain += [
                optax.add_decayed_weights(config.weight_decay, mask=decayed),
                optax.trace(config.momentum, config.nesterov),
            ]
        case "adamw":
            chain += [
                optax.scale_by_adam(),
                optax.add_decayed_weights(config.weight_decay, mask=decayed),
            ]
    chain.append(_scale_by_rate())
    if sparsity is None:
        return optax.chain(*chain)
    key = jax.random.key(0)  # each net draws its own numbers from it
    chain.append(prune.sparsify(sparsity.pruner, sparsity.schedule, key=key))
    return _of_kept_weights(optax.chain(*chain))


def _of_kept_weights(
    chain: optax.GradientTransformationExtraArgs,
) -> optax.GradientTransformationExtraArgs:
    """Returns a chain that gets no gradient of pruned weights, for clipping counts what it gets."""

    def update(updates: Any, state: Any, params: Any = None, **extra: Any) -> tuple[Any, Any]:
        masks = optax.tree.get(state, "masks")
        kept = jax.tree.map(lambda mask, x: jnp.where(mask, x, 0), masks, updates)
        return chain.update(kept, state, params, **extra)

    return optax.GradientTransformationExtraArgs(chain.init, update)


def _scale_by_rate() -> optax.GradientTransformationExtraArgs:
    def init(params: Any) -> optax.EmptyState:
        del params
        return optax.EmptyState()

    def update(
        updates: Any, state: optax.EmptyState, params: Any = None, *, rate: Any, **_: Any
    ) -> tuple[Any, optax.EmptyState]:
        del params
        return jax.tree.map(lambda x: -rate.astype(x.dtype) * x, updates), state

    return optax.GradientTransformationExtraArgs(init, update)


def decayed(params: Any) -> Any:
    """Returns a mask over ``params``: true for kernels, false for norms and biases."""
    return jax.tree_util.tree_map_with_path(lambda path, _: path[-1].key == "kernel", params)
