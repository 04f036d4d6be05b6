"""Rounds whose steps are skipped, as those of float16 whose gradients are not finite."""

from __future__ import annotations

from collections.abc import Collection

import jax
import jax.numpy as jnp
import optax
import pytest

from depthstudy import prune

PLAN = prune.iterative(0.75, steps=[2, 4])
PARAMS = {"stage1": {"block01": {"conv1": {"kernel": jnp.arange(1.0, 17.0).reshape(4, 4)}}}}


def kept_after(steps: int, skipped: Collection[int]) -> int:
    """Returns how many weights are left after so many steps, of which some are skipped."""
    transform = prune.sparsify(prune.Weights(), PLAN, key=jax.random.key(0))
    state = transform.init(PARAMS)
    nothing = jax.tree.map(jnp.zeros_like, PARAMS)
    params = PARAMS
    for step in range(steps):
        changes, after = transform.update(nothing, state, params, step=jnp.int32(step))
        if step + 1 not in skipped:
            params, state = optax.apply_updates(params, changes), after
    return int(jnp.count_nonzero(jax.tree.leaves(params)[0]))


@pytest.mark.parametrize(
    ("steps", "skipped", "kept"),
    [(2, (), 8), (2, (1,), 8), (2, (2,), 16), (3, (2,), 8), (4, (), 4), (4, (1, 3), 4),
     (4, (4,), 8), (5, (4,), 4), (5, (2, 3, 4), 4)],
)  # fmt: skip
def test_a_round_comes_with_the_next_step_that_is_taken(
    steps: int, skipped: Collection[int], kept: int
) -> None:
    assert kept_after(steps, skipped) == kept
