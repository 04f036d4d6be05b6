"""A variant made ready to train: its net, optimizer and steps, compiled once for all its seeds."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from concurrent import futures
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from depthstudy import nets, runtime, tasks
from depthstudy.arch import Spec
from depthstudy.config import DataConfig, TrainConfig
from depthstudy.data import Dataset, eval_batches
from depthstudy.errors import InputError
from depthstudy.train.optimizer import (
    Hyperparameters,
    Sparsity,
    hyperparameters,
    optimizer,
    rate_function,
)
from depthstudy.train.placement import Placement
from depthstudy.train.precision import LossScale, compute_dtype, first_scale
from depthstudy.train.step import (
    StepMetrics,
    TrainState,
    init_state,
    make_eval_step,
    make_train_step,
)

_INIT_STREAM, _STEP_STREAM = 0, 1


class SeedState(NamedTuple):
    """What a seed has for itself in training.

    Attributes:
      state: What training changes.
      key: Data of the seed's key, into which each step folds its number.
      settings: Learning rate and length of the training.
      log: Metrics of the last steps, ``config.log_every`` at most; those of step ``i``, counted
        from 0, stand at ``i`` modulo their number. A step writes them in place: what it returned
        would lie elsewhere each time, and a GPU's graphs would be made anew for that.
    """

    state: TrainState
    key: Any
    settings: Hyperparameters
    log: StepMetrics


@dataclasses.dataclass(frozen=True)
class Program:
    """A trainable variant.

    Attributes:
      network: The net.
      optimizer: Its optimizer, but for the learning rate.
      dataset: What it learns.
      config: How it is trained.
      steps: Length of the training.
      placement: Where it runs; ``train_step`` and ``eval_step`` take what it has placed.
      train_step: ``(seed_state, batch) -> seed_state``, with a ``SeedState``, which it consumes.
      eval_step: ``(seed_state, (batch, weights)) -> result``.
      compile_seconds: How long tracing and compiling took.
      memory: Bytes that a train step takes on each device, as XLA reports it: ``step_memory_bytes``
        in all, and of them ``step_temporary_bytes`` beside state and batch; else empty.
      start: Variables before the first step; ``None`` where each seed draws its own.
    """

    network: nets.Net
    optimizer: optax.GradientTransformationExtraArgs
    dataset: Dataset
    config: TrainConfig
    steps: int
    placement: Placement
    train_step: Any
    eval_step: Any
    compile_seconds: float
    memory: Mapping[str, float]
    start: nets.Variables | None = None


def build(
    spec: Spec,
    data: DataConfig,
    config: TrainConfig,
    dataset: Dataset,
    placement: Placement,
    *,
    start: nets.Variables | None = None,
    sparsity: Sparsity | None = None,
    options: Mapping[str, str] | None = None,
) -> Program:
    """Returns the program of a variant, compiled for its batches.

    Args:
      spec: The architecture, or a user's module.
      data: What is done to the images.
      config: How it is trained.
      dataset: What it learns.
      placement: Where it runs.
      start: Variables before the first step; ``None`` lets each seed draw its own.
      sparsity: How weights are pruned meanwhile.
      options: What XLA is told; ``None`` is what ``runtime.compiler_options`` says.

    Raises:
      InputError: A user's module cannot be trained on the images, or not in the type asked for.
    """
    begun = time.perf_counter()
    steps = count_steps(config, len(dataset.train))
    check_settings(spec, config, weights_pruned=sparsity is not None)
    network = _network(spec, config, placement.platform)
    network.check(dataset.image_shape)
    transform = optimizer(config, sparsity)
    rate_of = rate_function(config, steps, sparsity)
    unroll = placement.platform == "cpu"
    train_step = make_train_step(network, transform, dataset, data, config, unroll=unroll)
    eval_step = make_eval_step(network, dataset)

    def train_one(seed_state: SeedState, batch: Any) -> SeedState:
        before, key_data, settings, log = seed_state
        key = jax.random.fold_in(jax.random.wrap_key_data(key_data), before.step)
        state, metrics = train_step(before, batch, key, rate_of(settings, before.step))
        place = before.step % len(log.loss)
        log = jax.tree.map(lambda past, now: past.at[place].set(now), log, metrics)
        return SeedState(state, key_data, settings, log)

    def eval_one(seed_state: SeedState, weighted: Any) -> Any:
        return eval_step(seed_state.state, *weighted)

    program = Program(
        network=network,
        optimizer=transform,
        dataset=dataset,
        config=config,
        steps=steps,
        placement=placement,
        train_step=placement.lift(train_one, donate=True, batch_each=True),
        eval_step=placement.lift(eval_one),
        compile_seconds=0.0,
        memory={},
        start=start,
    )
    compiler_options = runtime.compiler_options() if options is None else options
    return _compiled(program, begun, dict(compiler_options))


def retarget(program: Program, config: TrainConfig, start: nets.Variables | None) -> Program:
    """Returns a program for a training that differs in nothing that is compiled.

    Args:
      program: The program of a config with the same ``constant_part``.
      config: How it is trained.
      start: Variables before the first step; ``None`` lets each seed draw its own.
    """
    steps = count_steps(config, len(program.dataset.train))
    return dataclasses.replace(program, config=config, steps=steps, start=start)


def check_settings(spec: Spec, config: TrainConfig, *, weights_pruned: bool) -> None:
    """Refuses settings of training that do not go together, or not with a net.

    Args:
      spec: The architecture, or a user's module.
      config: How it is trained.
      weights_pruned: Whether weights are pruned meanwhile.

    Raises:
      InputError: An average is to be kept of weights that are pruned, or a user's module is to be
        computed as only nets of ours can be.
    """
    if weights_pruned and config.average_decay:
        raise InputError(
            f"config.train.average_decay={config.average_decay} keeps an average of weights, of"
            " which pruned ones are not zero; allowed where weights are pruned: 0"
        )
    _network(spec, config, None)


def _network(spec: Spec, config: TrainConfig, platform: str | None) -> nets.Net:
    return nets.build(
        spec,
        compute_dtype(config.precision),
        platform,
        rematerialize=config.rematerialize,
        scan_blocks=config.scan_blocks,
        statistics_images=config.statistics_images,
    )


def initial(program: Program, seed: int) -> SeedState:
    """Returns what a seed has before its first step."""
    shape, scale = program.dataset.image_shape, first_scale(program.config)
    state = init_state(
        program.network,
        program.optimizer,
        shape,
        key=init_key(seed),
        start=program.start,
        loss_scale=scale,
        averaged=bool(program.config.average_decay),
    )
    step_key = jax.random.fold_in(jax.random.key(seed), _STEP_STREAM)
    settings = hyperparameters(program.config, program.steps)
    log = _empty_log(program.config, scale)
    return SeedState(state, jax.random.key_data(step_key), settings, log)


def _empty_log(config: TrainConfig, scale: LossScale | None) -> StepMetrics:
    metrics = StepMetrics(jnp.zeros(()), jnp.zeros(()), scale)
    return jax.tree.map(lambda x: np.zeros((config.log_every, *x.shape), x.dtype), metrics)


def init_key(seed: int) -> jax.Array:
    """Returns the key from which a seed's parameters are drawn."""
    return jax.random.fold_in(jax.random.key(seed), _INIT_STREAM)


def count_steps(config: TrainConfig, train_examples: int) -> int:
    """Returns the length of the training in steps."""
    epochs = round(config.epochs * train_examples / config.batch_size)
    return config.steps or max(1, epochs, config.least_steps)


def _compiled(program: Program, begun: float, options: dict[str, str]) -> Program:
    """Returns the program with both steps compiled for the shapes that they will meet."""
    placement, config, dataset = program.placement, program.config, program.dataset
    task = tasks.of(dataset)
    (group, *_) = placement.groups([0])
    seed_states = placement.place([initial(program, seed) for seed in group])
    sharding = placement.batch_sharding
    batch = next(
        placement.train_batches(dataset, batch_size=config.batch_size, seeds=group, start=0, stop=1)
    )
    label = task.label
    if batch.labels.dtype != label.dtype or not _ends_with(batch.labels.shape, label.shape):
        raise ValueError(f"labels of {dataset.name} are no labels of {task.name}")
    weighted = next(
        eval_batches(dataset.test, batch_size=config.eval_batch_size, sharding=sharding)
    )
    with futures.ThreadPoolExecutor() as pool:  # traces one while XLA is at the other
        train_step = pool.submit(program.train_step.lower(seed_states, batch).compile, options)
        eval_step = pool.submit(program.eval_step.lower(seed_states, weighted).compile, options)
    call = _one_by_one if placement.spans_hosts and placement.platform == "cpu" else _as_it_is
    return dataclasses.replace(
        program,
        train_step=call(train_step.result()),
        eval_step=call(eval_step.result()),
        compile_seconds=time.perf_counter() - begun,
        memory=_memory(train_step.result()),
    )


def _as_it_is(step: Any) -> Any:
    return step


def _one_by_one(step: Any) -> Any:
    """Returns a step that waits for its end: gloo hangs with many in flight on CPUs."""
    return lambda *arguments: jax.block_until_ready(step(*arguments))


def _ends_with(shape: tuple[int, ...], end: tuple[int, ...]) -> bool:
    return shape[len(shape) - len(end) :] == end


def _memory(compiled: Any) -> dict[str, float]:
    """Returns what a compiled step takes on each device; empty where the backend does not tell."""
    try:
        sizes = compiled.memory_analysis()
    except NotImplementedError:
        sizes = None
    if sizes is None:
        return {}
    outputs = sizes.output_size_in_bytes - sizes.alias_size_in_bytes
    total = sizes.argument_size_in_bytes + outputs + sizes.temp_size_in_bytes
    return {
        "step_memory_bytes": float(total),
        "step_temporary_bytes": float(sizes.temp_size_in_bytes),
    }
