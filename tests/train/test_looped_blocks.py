"""Training that loops over equal blocks: one program for all depths, and the same checkpoints."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from short_runs import fit

from depthstudy import arch, nets, prune, train
from depthstudy.arch import ModuleSpec
from depthstudy.config import DataConfig, TrainConfig
from depthstudy.data import Batch, Dataset
from depthstudy.errors import InputError
from depthstudy.store import RunStore
from depthstudy.train.placement.placements import Pmap
from depthstudy.train.steps import optimizer, step

pytestmark = pytest.mark.slow

CONFIG = TrainConfig(
    batch_size=32,
    eval_batch_size=200,
    eval_train_examples=200,
    steps=4,
    learning_rate=0.05,
    log_every=2,
    evaluations=2,
    save_seconds=0,
    keep_checkpoints=9,
)
SPEC = arch.build("resnet", depth=20, layout="cifar", width=4)  # three blocks a stage
RECIPES: list[dict[str, Any]] = [
    {
        "placement": "jit",
        "average_decay": 0.9,
        "scale_penalty": 0.01,
        "weight_decay": 0.1,
        "rematerialize": True,
    },
    {"placement": "pmap", "optimizer": "adamw", "learning_rate": 1e-3, "gradient_clip": 1.0},
]


def built(
    digits: Dataset, *, spec: arch.ArchSpec = SPEC, sparsity: Any = None, **fields: Any
) -> train.Program:
    config = dataclasses.replace(CONFIG, **fields)
    devices = jax.devices()[:1]  # a population has both seeds on one
    is_population = config.placement == "pmap"
    where = Pmap(tuple(devices), 2) if is_population else train.choose(config, 2, devices)
    return train.build(spec, DataConfig(), config, digits, where, sparsity=sparsity)


def checkpoint(folder: Path, number: int, seed: int) -> Any:
    return RunStore.of(folder, "v", seed).checkpoints.restore(number)


def assert_near(one: Any, other: Any, tolerance: float = 1e-4) -> None:
    assert jax.tree.structure(one) == jax.tree.structure(other)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=tolerance), one, other)


@pytest.mark.parametrize("recipe", RECIPES, ids=["sgd", "adamw"])
def test_equal_numbers_and_runs_that_go_on_either_way(
    digits: Dataset, tmp_path: Path, recipe: dict
) -> None:
    programs = {loop: built(digits, scan_blocks=loop, **recipe) for loop in (False, True)}
    assert [programs[loop].looped for loop in (False, True)] == [None, SPEC]
    for loop, program in programs.items():
        fit(program, tmp_path / str(loop))
    seeds = (0, 1)
    for seed in seeds:
        plain, looped = (checkpoint(tmp_path / str(loop), 4, seed) for loop in programs)
        assert_near(plain, looped)
    for first, then in ((False, True), (True, False)):
        folder = tmp_path / f"first {first}"
        with pytest.raises(_StoppedError):
            fit(programs[first], folder, _stop_after(2))
        assert RunStore.of(folder, "v", 0).checkpoints.all_steps()[-1] == 2
        fit(programs[then], folder)
        for seed in seeds:
            expected = checkpoint(tmp_path / str(then), 4, seed)
            assert_near(checkpoint(folder, 4, seed), expected)


class _StoppedError(Exception):
    pass


def _stop_after(steps: int) -> Callable[[int], None]:
    done = 0

    def progress(more: int) -> None:
        nonlocal done
        done += more
        if done >= steps:
            raise _StoppedError

    return progress


def test_a_step_is_the_same_program_at_every_depth(digits: Dataset) -> None:
    config = dataclasses.replace(CONFIG, **RECIPES[0])
    shallow, deep = (_operations(digits, config, depth, loop=True) for depth in (26, 44))
    assert shallow == deep
    unrolled = [_operations(digits, config, depth, loop=False) for depth in (26, 44)]
    assert all(unrolled[0][name] < unrolled[1][name] for name in shallow)
    assert shallow["step"] < unrolled[0]["step"]


def _operations(digits: Dataset, config: TrainConfig, depth: int, *, loop: bool) -> dict[str, int]:
    """Returns how many operations XLA is given for a step and for a batch of evaluation."""
    spec = arch.build("resnet", depth=depth, layout="cifar", width=4)
    network, transform = nets.build(spec), optimizer.optimizer(config)

    def start() -> step.TrainState:
        state = step.init_state(
            network,
            transform,
            digits.image_shape,
            key=jax.random.key(0),
            averaged=bool(config.average_decay),
        )
        return nets.stack(spec, state) if loop else state

    state = jax.eval_shape(start)
    batch = Batch(jnp.zeros((32, *digits.image_shape), jnp.uint8), jnp.zeros(32, jnp.int32))
    train_step = step.make_train_step(network, transform, digits, DataConfig(), config)
    programs = {
        "step": jax.jit(train_step).lower(state, batch, jax.random.key(0), jnp.float32(0.1)),
        "evaluation": jax.jit(step.make_eval_step(network, digits)).lower(
            state, batch, jnp.ones(32)
        ),
    }
    return {name: lowered.as_text().count(" = ") for name, lowered in programs.items()}


def test_nets_that_are_pruned_meanwhile_are_not_looped_over(digits: Dataset) -> None:
    """Scores and shares are of layers by name."""
    schedule = prune.Schedule(steps=(1,), sparsities=(0.5,))
    sparsity = train.Sparsity(prune.Weights(), schedule)
    program = built(digits, sparsity=sparsity, scan_blocks=True, placement="jit")
    assert program.looped is None
    state = program.place([train.initial(program, 0)]).state
    assert_near(jax.device_get(state), train.initial(program, 0).state, 0)


def test_a_module_of_a_user_loops_by_itself() -> None:
    spec = ModuleSpec(module="flax.linen:Dense", num_classes=10)
    config = dataclasses.replace(CONFIG, scan_blocks=True)
    with pytest.raises(InputError, match=r"scan_blocks is for the families.*flax.linen.scan"):
        train.check_settings(spec, config, weights_pruned=False)
