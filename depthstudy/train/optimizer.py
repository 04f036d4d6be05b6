"""The optimizer of a run, as one optax chain, and its learning rate."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import optax

from depthstudy import prune
from depthstudy.config import TrainConfig


def schedule(config: TrainConfig, steps: int) -> optax.Schedule:
    """Returns the learning rate as a function of the step, over a training of ``steps``.

    The rate rises linearly over ``warmup_steps`` and then follows ``config.schedule``; boundaries
    of the step schedule are shares of the whole training, warm-up included.
    """
    peak, warmup = config.learning_rate, config.warmup_steps
    match config.schedule:
        case "constant":
            main = optax.constant_schedule(peak)
        case "cosine":
            main = optax.cosine_decay_schedule(peak, max(1, steps - warmup))
        case "step":
            boundaries = [round(share * steps) - warmup for share in config.step_boundaries]
            main = optax.piecewise_constant_schedule(
                peak, dict.fromkeys(boundaries, config.step_factor)
            )
    if not warmup:
        return main
    return optax.join_schedules(
        [optax.linear_schedule(peak / warmup, peak, warmup - 1), main], [warmup]
    )


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


def optimizer(
    config: TrainConfig, steps: int, sparsity: Sparsity | None = None
) -> optax.GradientTransformation:
    """Returns SGD with momentum and L2 decay, or AdamW (Loshchilov & Hutter 2019).

    With ``sparsity``, pruned weights stay at zero.
    """
    rate = learning_rate(config, steps, sparsity)
    chain = [prune.scale_penalty(config.scale_penalty)] if config.scale_penalty else []
    match config.optimizer:
        case "sgd":
            chain += [
                optax.add_decayed_weights(config.weight_decay, mask=decayed),
                optax.sgd(rate, momentum=config.momentum, nesterov=config.nesterov),
            ]
        case "adamw":
            chain.append(optax.adamw(rate, weight_decay=config.weight_decay, mask=decayed))
    if sparsity is not None:
        key = jax.random.key(0)  # each net draws its own numbers from it
        chain.append(prune.sparsify(sparsity.pruner, sparsity.schedule, key=key))
    return optax.chain(*chain)


def decayed(params: Any) -> Any:
    """Returns a mask over ``params``: true for kernels, false for norms and biases."""
    return jax.tree_util.tree_map_with_path(lambda path, _: path[-1].key == "kernel", params)
