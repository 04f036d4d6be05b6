"""A variant made ready to train: its net, optimizer and steps, compiled once for all its seeds."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from depthstudy import nets, runtime
from depthstudy.arch import ArchSpec, DetectorSpec, ModuleSpec, Spec
from depthstudy.config import DataConfig, TrainConfig
from depthstudy.data import Dataset
from depthstudy.errors import InputError
from depthstudy.train.compilation import compile_steps
from depthstudy.train.placement.placements import Placement
from depthstudy.train.steps.optimizer import (
    Hyperparameters,
    Sparsity,
    hyperparameters,
    optimizer,
    rate_function,
)
from depthstudy.train.steps.precision import LossScale, compute_dtype, first_scale
from depthstudy.train.steps.step import (
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
      placement: Where it runs; ``train_step`` and ``eval_step`` take what ``place`` returns.
      train_step: ``(seed_state, batch) -> seed_state``, with a ``SeedState``, which it consumes.
      eval_step: ``(seed_state, (batch, weights)) -> result``.
      compile_seconds: How long tracing and compiling took.
      memory: Bytes that a train step takes on each device, as XLA reports it: ``step_memory_bytes``
        in all, and of them ``step_temporary_bytes`` beside state and batch; else empty.
      start: Variables before the first step; ``None`` where each seed draws its own.
      looped: The architecture over whose equal blocks the steps loop, so that the arrays of these
        are one where it runs; ``None`` where each has its own.
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
    looped: ArchSpec | DetectorSpec | None = None

    def place(self, trees: Sequence[Any]) -> Any:
        """Returns what each seed of a group has, as one tree of arrays on the devices.

        Here alone, and in ``fetch``, arrays of equal blocks are put into one and taken apart.
        """
        if self.looped is not None:
            trees = [nets.stack(self.looped, jax.device_get(tree)) for tree in trees]
        return self.placement.place(trees)

    def fetch(self, placed: Any, size: int) -> list[Any]:
        """Returns a placed tree as trees of host arrays, one for each of ``size`` seeds."""
        trees, spec = self.placement.fetch(placed, size), self.looped
        return trees if spec is None else [nets.unstack(spec, tree) for tree in trees]


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
        looped=network.spec if config.scan_blocks and sparsity is None else None,
    )
    compiler_options = runtime.compiler_options() if options is None else options
    (group, *_) = placement.groups([0])
    seed_states = program.place([initial(program, seed) for seed in group])
    both = program.train_step, program.eval_step
    compiled = compile_steps(
        both, seed_states, dataset, config, placement, options=compiler_options
    )
    seconds = time.perf_counter() - begun
    return dataclasses.replace(program, compile_seconds=seconds, **compiled._asdict())


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
      InputError: An average is to be kept of weights that are pruned, the batch of a detector is
        to be cut into parts, or a user's module is to be computed as only nets of ours can be.
    """
    if config.gradient_accumulation > 1 and isinstance(spec, DetectorSpec):
        raise InputError(
            f"config.train.gradient_accumulation={config.gradient_accumulation} would divide a"
            " detector's loss by the objects of each part, not of the batch; allowed for a"
            " detector: 1"
        )
    if config.scan_blocks and isinstance(spec, ModuleSpec):
        raise InputError(
            "config.train.scan_blocks is for the families; a module of yours loops over its blocks"
            " itself, as by flax.linen.scan"
        )
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
