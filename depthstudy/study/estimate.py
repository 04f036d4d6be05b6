"""How long a study will take, guessed from a few steps."""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Sequence

import jax

from depthstudy import train
from depthstudy.config import StudyConfig, apply
from depthstudy.plan import Variant

_PROBE_SECONDS = 2.0  # how long a step is timed


def estimate_seconds(study: StudyConfig, variants: Sequence[Variant]) -> float:
    """Returns a guess of the study's wall time in this process in seconds.

    A step of the dearest variant is timed as each placement does it, on a CPU with a small batch;
    training is taken to grow with multiply-accumulates, compiling with depth.
    """
    dearest = max(variants, key=lambda variant: variant.info.macs)
    own = [variant for variant in variants if not variant.info.same_as]
    rates: dict[train.Placement, _Rates] = {}
    seconds = 0.0
    for variant in own:
        count = variant.together(study.seeds)
        placement = train.choose(variant.train, count)
        if placement not in rates:
            rates[placement] = _rates(dearest, placement, count)
        rate = rates[placement]
        seconds += variant.work * study.seeds * rate.training
        seconds += variant.info.depth * rate.compiling * (study.seeds // count)
    return seconds


@dataclasses.dataclass(frozen=True)
class _Rates:
    """What a study takes: seconds of training a multiply-accumulate, and of compiling a layer."""

    training: float
    compiling: float


def _rates(variant: Variant, placement: train.Placement, seeds: int) -> _Rates:
    """Returns the rates of a variant, from steps of so many seeds on as many images as it takes."""
    batch_size = variant.config.train.batch_size
    if jax.default_backend() == "cpu":
        batch_size = min(32 * jax.device_count(), batch_size)
    timed = apply(
        variant.config, (("train.batch_size", batch_size), ("train.eval_batch_size", batch_size))
    )
    program = train.build(variant.spec, timed.data, timed.train, variant.dataset, placement)
    (group, *_) = placement.groups(range(seeds))
    macs = variant.info.macs * batch_size * len(group)
    return _Rates(
        training=_step_seconds(program, group) / macs,
        compiling=program.compile_seconds / variant.info.depth,
    )


def _step_seconds(program: train.Program, seeds: Sequence[int]) -> float:
    """Returns the time of a train step of these seeds at once, the first one left out."""
    own = program.placement.place([train.initial(program, seed) for seed in seeds])
    batches = program.placement.train_batches(
        program.dataset,
        batch_size=program.config.batch_size,
        seeds=seeds,
        start=0,
        stop=1000,
    )
    own = jax.block_until_ready(program.train_step(own, next(batches)))
    times: list[float] = []
    for batch in batches:
        start = time.perf_counter()
        own = jax.block_until_ready(program.train_step(own, batch))
        times.append(time.perf_counter() - start)
        if sum(times) > _PROBE_SECONDS:
            break
    return statistics.median(times)
