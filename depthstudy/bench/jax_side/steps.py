"""Train and evaluation steps of our nets, and what is done with a net besides."""

from __future__ import annotations

import itertools
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

from depthstudy import arch, nets, probes, store, train
from depthstudy.bench import synthetic
from depthstudy.bench.benchmarks import Work
from depthstudy.bench.jax_side.inputs import CROP_AND_FLIP
from depthstudy.bench.jax_side.run import Run, timed
from depthstudy.config import DataConfig, TrainConfig
from depthstudy.data import eval_batches
from depthstudy.train.placement import choice

_STILL = DataConfig(shift=0, crop_area=1.0, flip=False)
_EXAMPLES = 2_000
_EPOCH = 50_000  # images, as CIFAR-10 has


def build(work: Work) -> arch.ArchSpec | arch.DetectorSpec:
    """Returns the architecture of a work, drawing nothing: dropout costs are not convolutions'."""
    return arch.build(
        work.family, num_classes=synthetic.CLASSES, **dict(work.options)
    ).deterministic


def compiled(
    work: Work,
    examples: int | None = None,
    augmentation: DataConfig = _STILL,
    options: Mapping[str, str] | None = None,
) -> train.Program:
    """Returns a program compiled afresh; its first call of ``jax.jit`` is on new functions."""
    config = TrainConfig(
        batch_size=work.batch,
        eval_batch_size=work.batch,
        precision=work.precision,
        placement="pmap" if work.seeds > 1 else "jit",
    )
    made = synthetic.scenes if work.detects else synthetic.dataset
    data = made(work.side, examples or work.batch)
    where = choice.choose(config, work.seeds)
    return train.build(build(work), augmentation, config, data, where, options=options)


def _initial_states(program: train.Program, seeds: int = 1) -> Any:
    (group,) = program.placement.groups(range(seeds))
    return program.place([train.initial(program, seed) for seed in group])


def _batches(program: train.Program, seeds: int, steps: int) -> Iterator[Any]:
    return program.placement.train_batches(
        program.dataset,
        batch_size=program.config.batch_size,
        seeds=range(seeds),
        start=0,
        stop=steps,
    )


def taking_steps(program: train.Program, seeds: int) -> Run:
    """Returns train steps of so many nets, each on one batch of its own."""
    seed_states, batch = _initial_states(program, seeds), next(_batches(program, seeds, 1))

    def once() -> Any:
        nonlocal seed_states
        seed_states = program.train_step(seed_states, batch)
        return seed_states

    return timed(once, jax.block_until_ready)


def epoch(work: Work) -> Run:
    """As the loop trains: batches are drawn on the device, and the log is fetched at the end."""
    program = compiled(work, _EPOCH, CROP_AND_FLIP)
    seed_states = _initial_states(program, work.seeds)

    def once() -> None:
        nonlocal seed_states
        for batch in _batches(program, work.seeds, _EPOCH // work.batch):
            seed_states = program.train_step(seed_states, batch)
        program.fetch(seed_states.log, work.seeds)

    run = timed(once)
    return lambda times: run(times) / work.seeds


def evaluate(work: Work) -> Run:
    """Returns evaluation steps on one batch."""
    program = compiled(work)
    seed_states = _initial_states(program)
    sharding = program.placement.batch_sharding
    weighted = next(eval_batches(program.dataset.test, batch_size=work.batch, sharding=sharding))

    return timed(lambda: program.eval_step(seed_states, weighted), jax.block_until_ready)


def checkpoint(work: Work) -> Run:
    """Returns saves of a net, timed until the training may go on."""
    program = compiled(work)
    seed_states = _initial_states(program)
    folder = tempfile.TemporaryDirectory(prefix="depthstudy-bench-")
    checkpoints = store.CheckpointWriter(Path(folder.name, "checkpoints"), keep=1)
    info = store.RunInfo(
        study="bench",
        variant="bench",
        seed=0,
        arch=build(work).to_json(),
        config={},
        dataset="noise",
        image_shape=program.dataset.image_shape,
        class_names=(),
    )
    steps = itertools.count()

    def run(times: int) -> float:
        total = 0.0
        for _ in range(times):
            jax.block_until_ready(seed_states)
            start = time.perf_counter()
            [state] = program.fetch(seed_states.state, 1)
            checkpoints.save(next(steps), state, info)
            total += time.perf_counter() - start
            checkpoints.wait()  # so that one save does not meet the next
        return total

    run.folder = folder  # type: ignore[attr-defined]  # it goes when the work goes
    return run


def probe(work: Work) -> Run:
    """Returns a probe of an untrained net."""
    network = nets.Network(build(work), jnp.float32)
    data = synthetic.dataset(work.side, _EXAMPLES)
    variables = nets.init(network, jax.random.key(0), data.image_shape)
    subject = probes.ProbeInput(
        network, variables, data, examples=work.batch, batch_size=work.batch
    )
    return timed(lambda: list(probes.measure(subject, [work.probe])))
