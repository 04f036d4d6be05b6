"""Our side of the bench: each kind of work as a function that does it once more."""

from __future__ import annotations

import functools
import itertools
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from depthstudy import arch, nets, probes, store, train
from depthstudy.bench import synthetic
from depthstudy.bench.benchmarks import Work
from depthstudy.config import DataConfig, TrainConfig
from depthstudy.data import ArrayExamples, augment, eval_batches, train_batches
from depthstudy.data.pipeline import crop
from depthstudy.data.pipeline.splits.reader import Reader
from depthstudy.data.pipeline.splits.streamed import StreamedSplit
from depthstudy.train import placement

Run = Callable[[int], float]  # does the work so many times, and returns seconds

_STILL = DataConfig(shift=0, crop_area=1.0, flip=False)
_CROP_AND_FLIP = DataConfig(shift=4, flip=True)
_EXAMPLES = 2_000
_EPOCH = 50_000  # images, as CIFAR-10 has
QUICKSTART = Path(__file__).parents[1] / "configs" / "quickstart.py"


def prepare(work: Work) -> Run:
    """Returns the work, ready to be timed: built, and compiled unless that is the work."""
    match work.kind:
        case "train":
            return taking_steps(compiled(work), work.seeds)
        case "evaluate":
            return _evaluate(work)
        case "epoch":
            return _epoch(work)
        case "compile":
            return timed(lambda: compiled(work))
        case "input":
            return _input(work)
        case "decode":
            return _decode(work)
        case "checkpoint":
            return _checkpoint(work)
        case "probe":
            return _probe(work)
        case "study":
            return _study()
        case "import":
            return _process("-c", "import depthstudy.report, depthstudy.study")
        case "help":
            return _process("-m", "depthstudy", "run", "--help")


def build(work: Work) -> arch.ArchSpec:
    """Returns the architecture of a work, drawing nothing: dropout costs are not convolutions'."""
    return arch.build(
        work.family, num_classes=synthetic.CLASSES, **dict(work.options)
    ).deterministic


def timed(function: Callable[[], Any]) -> Run:
    """Returns a function that calls this one so many times, and returns seconds."""

    def run(times: int) -> float:
        start = time.perf_counter()
        for _ in range(times):
            function()
        return time.perf_counter() - start

    return run


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
    data = synthetic.dataset(work.side, examples or work.batch)
    where = placement.choose(config, work.seeds)
    return train.build(build(work), augmentation, config, data, where, options=options)


def _own(program: train.Program, seeds: int = 1) -> Any:
    (group,) = program.placement.groups(range(seeds))
    return program.placement.place([train.initial(program, seed) for seed in group])


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
    own, batch = _own(program, seeds), next(_batches(program, seeds, 1))

    def run(times: int) -> float:
        nonlocal own
        start = time.perf_counter()
        for _ in range(times):
            own = program.train_step(own, batch)
        jax.block_until_ready(own)
        return time.perf_counter() - start

    return run


def _epoch(work: Work) -> Run:
    """As the loop trains: batches are drawn on the device, and the log is fetched at the end."""
    program = compiled(work, _EPOCH, _CROP_AND_FLIP)
    own = _own(program, work.seeds)

    def once() -> None:
        nonlocal own
        for batch in _batches(program, work.seeds, _EPOCH // work.batch):
            own = program.train_step(own, batch)
        program.placement.fetch(own.log, work.seeds)

    run = timed(once)
    return lambda times: run(times) / work.seeds


def _evaluate(work: Work) -> Run:
    program = compiled(work)
    own = _own(program)
    sharding = program.placement.batch_sharding
    weighted = next(eval_batches(program.dataset.test, batch_size=work.batch, sharding=sharding))

    def run(times: int) -> float:
        start = time.perf_counter()
        for _ in range(times):
            sums = program.eval_step(own, weighted)
        jax.block_until_ready(sums)
        return time.perf_counter() - start

    return run


def _input(work: Work) -> Run:
    """Batches as the train step gets and augments them, per 1,000 images."""
    data = synthetic.dataset(work.side, 25 * work.batch)
    draw = jax.jit(lambda images, key: augment(images, key=key, config=_CROP_AND_FLIP))
    keys = jax.random.split(jax.random.key(0), 100)
    batches = 1_000 / work.batch

    def run(times: int) -> float:
        steps = round(times * batches)
        start = time.perf_counter()
        for step, batch in enumerate(train_batches(data, batch_size=work.batch, stop=steps)):
            images = draw(batch.images, keys[step % len(keys)])
        jax.block_until_ready(images)
        return (time.perf_counter() - start) * times * batches / steps

    return run


JPEGS = 256  # files that are decoded again and again


def _decode(work: Work) -> Run:
    """Batches of a streamed set, per 1,000 images, by as many workers as there are cores."""
    shape = (work.side, work.side, 3)
    examples = ArrayExamples(synthetic.jpegs(JPEGS), np.zeros(JPEGS, np.int32))
    reader = Reader.of_all(examples, name="jpegs", num_classes=1, image_shape=shape)
    split = StreamedSplit(reader, None, LEAST_AREA)

    def indices_at(step: int) -> np.ndarray:
        return np.arange(step * work.batch, (step + 1) * work.batch) % JPEGS

    draws_at = functools.partial(crop.draws_at, 0, (0,), work.batch)
    batches = split.batches(indices_at, start=0, stop=2**31, draws_at=draws_at)
    return taking_images(batches, work.batch)


LEAST_AREA = 0.08
_READ_AHEAD = 10  # batches, of which either side has fewer ready with two workers


def taking_images(batches: Iterator[Any], size: int) -> Run:
    """Returns a function that takes so many times 1,000 images from an endless row of batches.

    What was read ahead while nothing was timed is taken before, and more to set off.
    """

    def run(times: int) -> float:
        for _ in range(_READ_AHEAD):
            next(batches)
        count = round(times * 1_000 / size)
        start = time.perf_counter()
        for _ in range(count):
            next(batches)
        return (time.perf_counter() - start) * times * 1_000 / (count * size)

    return run


def _checkpoint(work: Work) -> Run:
    program = compiled(work)
    own = _own(program)
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
            jax.block_until_ready(own)
            start = time.perf_counter()
            [state] = program.placement.fetch(own.state, 1)
            checkpoints.save(next(steps), state, info)
            total += time.perf_counter() - start
            checkpoints.wait()  # so that one save does not meet the next
        return total

    run.folder = folder  # type: ignore[attr-defined]  # it goes when the work goes
    return run


def _probe(work: Work) -> Run:
    network = nets.Network(build(work), jnp.float32)
    data = synthetic.dataset(work.side, _EXAMPLES)
    variables = nets.init(network, jax.random.key(0), data.image_shape)
    subject = probes.ProbeInput(
        network, variables, data, examples=work.batch, batch_size=work.batch
    )
    return timed(lambda: list(probes.measure(subject, [work.probe])))


def _process(*arguments: str) -> Run:
    command = [sys.executable, *arguments]
    return timed(lambda: subprocess.run(command, check=False, capture_output=True))


def _study() -> Run:
    """The first run, which is not counted, compiles what the others find in the cache."""

    def once() -> None:
        with tempfile.TemporaryDirectory(prefix="depthstudy-bench-") as folder:
            command = ["-m", "depthstudy", "run", "quickstart", f"--workdir={folder}"]
            subprocess.run([sys.executable, *command], check=True, capture_output=True)

    return timed(once)
