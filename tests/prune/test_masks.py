"""Training with masks: exact zeros, exact counts, nested masks, rewinding, populations, resume."""

from __future__ import annotations

import bisect
import functools
import pathlib
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import orbax.checkpoint as ocp
import pytest

from depthstudy import prune

PLAN = prune.cubic(0.75, start=0, stop=6, every=2)  # rounds after steps 2, 4 and 6
KEY = jax.random.key(7)


def fresh(seed: int = 0) -> dict[str, Any]:
    """Returns a dense net with one layer of each kind that names tell apart."""
    keys = jax.random.split(jax.random.key(seed), 4)
    return {
        "stem": {"conv": {"kernel": jax.random.normal(keys[0], (4, 8))}},
        "stage1": {
            "block01": {
                "conv1": {"kernel": jax.random.normal(keys[1], (8, 12)), "bias": jnp.ones(12)},
                "shortcut_norm": {"scale": jnp.ones(12), "bias": jnp.ones(12)},
                "conv2": {"kernel": jax.random.normal(keys[2], (12, 9))},
            }
        },
        "head": {"dense": {"kernel": jax.random.normal(keys[3], (9, 3)), "bias": jnp.ones(3)}},
    }


def loss(params: Any, x: jax.Array) -> jax.Array:
    block = params["stage1"]["block01"]
    x = jax.nn.tanh(x @ params["stem"]["conv"]["kernel"])
    x = x @ block["conv1"]["kernel"] + block["conv1"]["bias"]
    x = jax.nn.tanh(x * block["shortcut_norm"]["scale"] + block["shortcut_norm"]["bias"])
    x = jax.nn.tanh(x @ block["conv2"]["kernel"])
    return jnp.mean((x @ params["head"]["dense"]["kernel"] + params["head"]["dense"]["bias"]) ** 2)


def chain(pruner: prune.Pruner, plan: prune.Schedule = PLAN) -> optax.GradientTransformation:
    return optax.chain(
        optax.add_decayed_weights(1e-2),
        optax.sgd(0.05, momentum=0.9, nesterov=True),
        prune.sparsify(pruner, plan, key=KEY),
    )


def one_step(optimizer: optax.GradientTransformation, params: Any, state: Any, step: Any) -> Any:
    images = jax.random.normal(jax.random.fold_in(jax.random.key(9), step), (16, 4))
    updates, state = optimizer.update(jax.grad(loss)(params, images), state, params)
    return optax.apply_updates(params, updates), state


@functools.cache
def compiled(optimizer: optax.GradientTransformation) -> Any:
    return jax.jit(functools.partial(one_step, optimizer))


def trained(
    optimizer: optax.GradientTransformation, steps: int, params: Any = None
) -> list[tuple[Any, Any]]:
    """Returns parameters and state of the optimizer after each step."""
    params = fresh() if params is None else params
    state = optimizer.init(params)
    step = compiled(optimizer)
    history = [(params, state)]
    for number in range(steps):
        params, state = step(params, state, number)
        history.append((params, state))
    return history


def kernels(tree: Any) -> np.ndarray:
    block = tree["stage1"]["block01"]
    return np.concatenate([np.ravel(block[name]["kernel"]) for name in ("conv1", "conv2")])


def masks(state: Any) -> Any:
    return optax.tree.get(state, "masks")


def sparsity_at(step: int) -> float:
    """Returns the share of weights that is gone after so many steps of ``PLAN``."""
    return (0.0, *PLAN.sparsities)[bisect.bisect_right(PLAN.steps, step)]


def operations(program: Any, closed: str) -> set[str]:
    """Returns the names of the operations in a program, but not of those inside ``closed``."""
    names = set()
    for equation in program.eqns:
        names.add(equation.primitive.name)
        inner = (
            []
            if equation.primitive.name == closed
            else jax.tree.leaves(
                list(equation.params.values()), is_leaf=lambda x: hasattr(x, "eqns")
            )
        )
        for part in inner:
            if hasattr(part, "eqns"):
                names |= operations(part, closed)
    return names


def same(a: Any, b: Any) -> None:
    jax.tree.map(np.testing.assert_array_equal, a, b)


@pytest.mark.parametrize(
    ("score", "distribution"),
    [*[(prune.magnitude, name) for name in prune.DISTRIBUTIONS], (prune.random, "erk")],
)
def test_pruned_weights_are_exactly_zero_and_stay_so(score: Any, distribution: str) -> None:
    history = trained(chain(prune.Weights(score, distribution)), 8)
    before = np.ones(8 * 12 + 12 * 9, bool)
    for step, (params, state) in enumerate(history):
        mask, weights = kernels(masks(state)), kernels(params)
        assert not np.any(weights[~mask])
        assert np.all(weights[mask])
        assert not np.any(mask & ~before)
        assert np.sum(~mask) == round(sparsity_at(step) * mask.size)
        before = mask
    params, state = history[-1]
    mask = masks(state)
    assert [np.ndim(m) for m in jax.tree.leaves(mask)].count(2) == 2  # the two kernels inside
    assert np.all(params["stage1"]["block01"]["shortcut_norm"]["bias"])
    assert np.all(params["stem"]["conv"]["kernel"])


def test_a_round_keeps_the_largest_of_what_the_step_leaves() -> None:
    plan = prune.one_shot(0.5, step=3)
    (without, _), (params, state) = (
        trained(optimizer, 3)[-1]
        for optimizer in (chain(prune.Weights(), prune.one_shot(0.5, step=99)),
                          chain(prune.Weights(), plan))
    )  # fmt: skip
    weights, mask = kernels(without), kernels(masks(state))
    assert np.min(np.abs(weights[mask])) > np.max(np.abs(weights[~mask]))
    np.testing.assert_array_equal(kernels(params)[mask], weights[mask])


def test_the_update_is_that_of_the_formula() -> None:
    params = fresh()
    optimizer = prune.sparsify(prune.Weights(), prune.one_shot(0.5, step=1), key=KEY)
    updates = jax.tree.map(lambda p: 0.1 * p, params)
    masked, state = optimizer.update(updates, optimizer.init(params), params)
    formula = jax.tree.map(lambda m, u, p: m * u - (1 - m) * p, masks(state), updates, params)
    same(masked, formula)


def test_equal_scores_keep_the_first() -> None:
    params = jax.tree.map(jnp.ones_like, fresh())
    optimizer = prune.sparsify(prune.Weights(), prune.one_shot(0.5, step=1), key=KEY)
    still = jax.tree.map(jnp.zeros_like, params)
    mask = kernels(masks(optimizer.update(still, optimizer.init(params), params)[1]))
    np.testing.assert_array_equal(mask, np.arange(mask.size) < mask.size // 2)


def test_weights_that_are_not_numbers_do_not_revive_others() -> None:
    optimizer = chain(prune.Weights())
    params, state = trained(optimizer, 2)[-1]
    broken = jax.tree.map(lambda p: p * jnp.nan, params)
    step = compiled(optimizer)
    for number in (2, 3):
        broken, later = step(broken, state, number)
        assert not np.any(kernels(masks(later)) & ~kernels(masks(state)))
        state = later
    assert np.sum(~kernels(masks(state))) == round(sparsity_at(4) * 204)


@pytest.mark.parametrize("to", [0, 2])
def test_rewound_weights_are_the_early_ones(to: int) -> None:
    plan = prune.rewinding(prune.iterative(0.5, steps=[4, 7]), "weights", to=to)
    history = trained(chain(prune.Weights(), plan), 7)
    for step in (4, 7):
        params, state = history[step]
        mask = kernels(masks(state))
        early = kernels(history[to][0])
        np.testing.assert_allclose(kernels(params), np.where(mask, early, 0), rtol=1e-5, atol=1e-7)
        head = params["head"]["dense"]["kernel"]
        np.testing.assert_allclose(head, history[to][0]["head"]["dense"]["kernel"], rtol=1e-5)


@pytest.mark.slow
def test_a_population_trains_as_its_nets_do_alone() -> None:
    optimizer = chain(prune.Weights(prune.random))
    seeds = [fresh(seed) for seed in range(4)]
    alone = [trained(optimizer, 4, params)[-1] for params in seeds[:2]]
    both = [(params, optimizer.init(params)) for params in seeds]
    together = jax.tree.map(lambda *x: jnp.stack(x).reshape(2, 2, *x[0].shape), *both)
    step = functools.partial(one_step, optimizer)
    every = jax.pmap(jax.vmap(step, in_axes=(0, 0, None)), in_axes=(0, 0, None))
    for number in range(4):
        together = every(*together, number)
    for number, single in enumerate(alone):
        member = jax.tree.map(lambda x, i=number: x[0, i], together)
        same(masks(member[1]), masks(single[1]))
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6),
                     member[0], single[0])  # fmt: skip
    drawn = [kernels(masks(single[1])) for single in alone]
    assert not np.array_equal(*drawn)


def test_only_rounds_sort() -> None:
    """Sorting is inside a branch."""
    optimizer, params = prune.sparsify(prune.Weights(), PLAN, key=KEY), fresh()
    state = optimizer.init(params)
    program = jax.make_jaxpr(optimizer.update)(params, state, params).jaxpr
    assert "cond" in operations(program, closed="cond")
    assert "sort" not in operations(program, closed="cond")
    assert "sort" in operations(program, closed="none")


@pytest.mark.parametrize("rewind", ["none", "weights"])
def test_training_resumes_from_a_checkpoint(
    rewind: prune.schedule.Rewind, tmp_path: pathlib.Path
) -> None:
    optimizer = chain(prune.Weights(prune.random, "erk"), prune.rewinding(PLAN, rewind))
    history = trained(optimizer, 6)
    params, state = history[3]
    with ocp.StandardCheckpointer() as checkpointer:
        checkpointer.save(tmp_path / "state", {"params": params, "opt_state": state})
        checkpointer.wait_until_finished()
        like = {"params": fresh(1), "opt_state": optimizer.init(fresh(1))}
        restored = checkpointer.restore(tmp_path / "state", like)
    params, state = restored["params"], restored["opt_state"]
    assert jax.tree.structure(state) == jax.tree.structure(history[3][1])
    step = compiled(optimizer)
    for number in range(3, 6):
        params, state = step(params, state, number)
    same((params, state), history[6])
