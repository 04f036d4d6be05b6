"""Detectors train as classifiers do: to the bit where they go on, several at once, in bfloat16."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sampled import sampled
from short_runs import fit, left_behind
from squares import squares

from depthstudy import arch, interruption, nets, plan, tasks, train
from depthstudy.config import DataConfig, StudyConfig, TrainConfig, apply
from depthstudy.data import Dataset, normalize
from depthstudy.errors import InputError
from depthstudy.train.evaluation import evaluate
from depthstudy.train.placement.placements import Jit, Placement, Pmap
from depthstudy.train.steps import optimizer, step

CONFIG = TrainConfig(
    batch_size=8,
    eval_batch_size=40,
    steps=6,
    log_every=2,
    evaluations=2,
    learning_rate=0.02,
    gradient_clip=10.0,
    placement="pmap",
)
CHANGED = DataConfig(name="squares", shift=2, flip=True, validation=0.0)
SMALL = {"channels": 8, "cells": 1, "head_repeats": 1, "num_classes": 2}
DETECTOR = arch.build(
    "detector", depth=8, layout="cifar", width=4, min_level=2, max_level=3, **SMALL
)


@pytest.fixture(scope="module")
def scenes() -> Dataset:
    return squares(CHANGED)


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_same_bits(
    scenes: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = train.build(DETECTOR, CHANGED, CONFIG, scenes, train.choose(CONFIG, 2))
    fit(program, tmp_path / "whole")
    often = dataclasses.replace(program.config, save_minutes=1e-9)
    checks = 0

    def kill() -> None:
        nonlocal checks
        checks += 1
        if checks == 6:  # of step 4, after the evaluation at step 3
            raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(interruption, "check", kill)
        with pytest.raises(MemoryError):
            fit(train.retarget(program, often, None), tmp_path / "killed")
    assert not list((tmp_path / "killed").rglob("result.json"))
    fit(program, tmp_path / "killed")
    for seed in (0, 1):
        (state, *rest), (expected, *others) = (
            left_behind(program, tmp_path / name, seed) for name in ("killed", "whole")
        )
        jax.tree.map(np.testing.assert_array_equal, state, expected)
        np.testing.assert_equal(rest, others)
        assert {"detections", "truths"} <= set(rest[1])


def trained(
    placement: Placement, scenes: Dataset, *groups: tuple[int, ...], config: TrainConfig = CONFIG
) -> list[Any]:
    """Returns the variables of each seed after three steps, a group of them at once."""
    program = train.build(DETECTOR, CHANGED, config, scenes, placement)
    variables: list[Any] = []
    for seeds in groups:
        states = program.place([train.initial(program, seed) for seed in seeds])
        for batch in placement.train_batches(scenes, batch_size=8, seeds=seeds, start=0, stop=3):
            states = program.train_step(states, batch)
        variables += [each.state.variables for each in program.fetch(states, len(seeds))]
    return variables


def on_devices(count: int) -> Jit:
    return Jit(jax.sharding.Mesh(np.array(jax.devices()[:count]), ("batch",)))


@pytest.mark.slow
def test_the_loss_of_a_split_is_that_of_one_batch(scenes: Dataset) -> None:
    """Batches of 3 leave two images to fill the last one up; batches of one have few anchors."""
    network, placement = nets.build(DETECTOR), on_devices(1)
    variables = jax.jit(lambda key: nets.init(network, key, scenes.image_shape))(jax.random.key(0))
    eval_step = step.make_eval_step(network, scenes)
    state = step.TrainState(0, variables["params"], variables["batch_stats"], None)
    program = train.Program(
        network=network,
        optimizer=optimizer.optimizer(CONFIG),
        dataset=scenes,
        config=CONFIG,
        steps=0,
        placement=placement,
        train_step=None,
        eval_step=placement.lift(lambda state, weighted: eval_step(state, *weighted)),
        compile_seconds=0.0,
        memory={},
    )
    batch = scenes.test.gather(np.arange(len(scenes.test)))
    images = normalize(batch.images, scenes.mean, scenes.std)
    loss = jax.jit(lambda v, x, y: tasks.of(scenes).loss(network.apply(v, x), y))
    losses = loss(variables, images, batch.labels)
    for size in (1, 3):
        config = dataclasses.replace(CONFIG, eval_batch_size=size)
        in_batches = dataclasses.replace(program, config=config)
        (result,) = evaluate(in_batches, program.place([state]), scenes.test, 1)
        assert result.loss == pytest.approx(float(losses.mean()), rel=1e-5)


def test_the_batch_of_a_detector_is_not_cut() -> None:
    """A part without objects would be divided by one, and outweigh all others."""
    train.check_settings(DETECTOR, CONFIG, weights_pruned=False)
    parts = dataclasses.replace(CONFIG, gradient_accumulation=2)
    with pytest.raises(InputError, match=r"gradient_accumulation=2 .*allowed for a detector: 1$"):
        train.check_settings(DETECTOR, parts, weights_pruned=False)


@pytest.fixture(scope="module")
def alone(scenes: Dataset) -> list[Any]:
    """Returns what each of three seeds learns by itself, on one device."""
    return trained(on_devices(1), scenes, (0,), (1,), (2,))


def assert_close(actual: Any, expected: Any) -> None:
    for a, b in zip(jax.tree.leaves(actual), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, atol=2e-4)


@pytest.mark.slow
def test_a_population_is_its_seeds_one_by_one(scenes: Dataset, alone: list[Any]) -> None:
    """Two seeds on each of two devices, with one to spare."""
    population = trained(Pmap(tuple(jax.devices()[:2]), 2), scenes, (0, 1, 2))
    for variables, expected in zip(population, alone, strict=True):
        assert_close(variables, expected)
    heads = [v["params"]["box_head"]["predict"]["conv2"]["kernel"] for v in population]
    assert np.abs(heads[0] - heads[1]).max() > 0.01


@pytest.mark.slow
def test_a_batch_over_eight_devices_is_one_batch(scenes: Dataset, alone: list[Any]) -> None:
    """The loss is over the positive anchors of the whole batch, or this would not hold."""
    (spread,) = trained(on_devices(8), scenes, (0,))
    assert_close(spread, alone[0])


@pytest.mark.slow
def test_steps_in_bfloat16_go_nearly_the_same_way(scenes: Dataset, alone: list[Any]) -> None:
    config = dataclasses.replace(CONFIG, precision="bfloat16")
    (half,) = trained(on_devices(1), scenes, (0,), config=config)
    assert {leaf.dtype for leaf in jax.tree.leaves(half)} == {np.dtype("float32")}
    net = nets.build(DETECTOR)
    draw = jax.jit(nets.init, static_argnums=(0, 2))
    start = draw(net, train.init_key(0), (32, 32, 1))["params"]
    change, same = (
        np.concatenate([(b - a).ravel() for a, b in zip(*map(jax.tree.leaves, pair), strict=True)])
        for pair in ((start, alone[0]["params"]), (start, half["params"]))
    )
    assert np.any(change != same)
    assert change @ same / np.linalg.norm(change) / np.linalg.norm(same) > 0.98


@pytest.mark.parametrize("backbone", sampled([*arch.FAMILIES], 3))
def test_every_family_is_a_backbone(backbone: str) -> None:
    """Its net is that of the value, at its levels."""
    settings = (("model.family", "detector"), ("model.backbone", backbone))
    spec = plan.build_net(apply(StudyConfig(), settings).model, 2).deterministic
    net, images = nets.build(spec), jax.ShapeDtypeStruct((2, 64, 64, 1), jnp.float32)
    variables = jax.eval_shape(lambda: nets.init(net, jax.random.key(0), (64, 64, 1)))
    count = sum(leaf.size for leaf in jax.tree.leaves(variables["params"]))
    assert count == arch.cost(spec, (64, 64, 1)).parameters
    predictions, _ = jax.eval_shape(
        lambda v, x: net.apply(v, x, True, mutable=["batch_stats"]), variables, images
    )
    sizes = [-(-64 // 2**level) for level in spec.pyramid.levels]
    assert predictions.classes.shape == (2, 9 * sum(size**2 for size in sizes), 2)
    assert predictions.boxes.shape == (*predictions.classes.shape[:2], 4)
