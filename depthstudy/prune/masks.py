"""Pruning as the last transformation of an optax chain."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import lax
from jaxtyping import Array, Int, UInt32

from depthstudy.prune.pruners import Pruner
from depthstudy.prune.schedule import Schedule


class PruneState(NamedTuple):
    """Plain arrays, so that checkpoints hold the masks.

    Attributes:
      step: Steps so far, up to the last one that was taken.
      masks: Boolean arrays in the form of the parameters; a scalar ``True`` is an exempt one.
      key: Numbers of the key of what is drawn, each net's own.
      early: The parameters to rewind to, or ``()``.
    """

    step: Int[Array, ""]
    masks: Any
    key: UInt32[Array, " n"]
    early: Any


def sparsify(
    pruner: Pruner, schedule: Schedule, *, key: jax.Array
) -> optax.GradientTransformationExtraArgs:
    """Returns the transformation that prunes along a schedule; it must be last in its chain.

    In the state, masks change only after the schedule's steps, and what is pruned stays pruned;
    ``optax.tree.get(state, "masks")`` gives them, also of the state of a whole chain. The update of
    a pruned weight is minus the weight, so that the ordinary step lands on exactly zero. A round
    judges the weights as the step leaves them.

    Where some steps are skipped, and what they would have done to the state with them, ``update``
    takes as ``step`` how many were taken or skipped before. A round whose step was skipped comes
    with the next one that is taken.

    To rewind weights, the state holds those of step ``schedule.rewind_to``; they come back to
    rounding, as a step adds. Momentum and running statistics go on. The learning rate is rewound by
    ``rewound``.

    Args:
      pruner: What chooses masks: ``Weights`` or ``Channels``.
      schedule: When and how far.
      key: For scores that draw. Nets with other parameters draw other numbers.
    """
    keeps_early = schedule.rewind == "weights"
    steps = jnp.array(schedule.steps, jnp.int32)

    def init(params: Any) -> PruneState:
        return PruneState(
            step=jnp.zeros((), jnp.int32),
            masks=pruner.start(params),
            key=jax.random.key_data(jax.random.fold_in(key, _fingerprint(params))),
            early=jax.tree.map(jnp.copy, params) if keeps_early else (),
        )

    def update(
        updates: Any, state: PruneState, params: Any = None, *, step: Any = None, **_: Any
    ) -> tuple[Any, PruneState]:
        if params is None:
            raise ValueError("sparsify needs params")
        step = (state.step if step is None else step) + 1
        after = jax.tree.map(jnp.add, params, updates)

        def passes(at: Any) -> Any:
            return (state.step < at) & (at <= step)

        due = jnp.any(passes(steps))

        def choose(masks: Any, rest: tuple[Any, Array, Array]) -> Any:
            weights, step, numbers = rest
            step_key = jax.random.fold_in(jax.random.wrap_key_data(numbers), step)
            number = jnp.searchsorted(steps, step, side="right") - 1
            sparsities = schedule.sparsities
            chosen = pruner.choose(weights, masks, number, sparsities=sparsities, key=step_key)
            return jax.tree.map(jnp.asarray, chosen)  # exempt ones may be NumPy's

        rest = after, step, state.key
        masks = lax.cond(due, choose, lambda masks, _: masks, state.masks, rest)
        early = state.early
        if keeps_early:
            early = optax.tree.where(passes(schedule.rewind_to), after, early)
            updates = optax.tree.where(due, jax.tree.map(jnp.subtract, early, params), updates)
        updates = jax.tree.map(lambda mask, u, p: jnp.where(mask, u, -p), masks, updates, params)
        return updates, PruneState(step, masks, state.key, early)

    return optax.GradientTransformationExtraArgs(init, update)


def _fingerprint(params: Any) -> UInt32[Array, ""]:
    total = sum(jnp.sum(leaf.astype(jnp.float32)) for leaf in jax.tree.leaves(params))
    return lax.bitcast_convert_type(jnp.asarray(total, jnp.float32), jnp.uint32)
