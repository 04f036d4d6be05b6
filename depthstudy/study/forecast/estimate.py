"""How long a study will take, guessed from a few steps."""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Sequence

import jax

from depthstudy import runtime, train
from depthstudy.config import Settings, StudyConfig, apply
from depthstudy.execute import following_share
from depthstudy.execute.executors import process_count
from depthstudy.plan import Variant

PROBE_SECONDS = 2.0  # how long a step is timed
_SPEED = 0.7  # of a net on its share of the cores, to that of one on all; measured on two


class Estimator:
    """Guesses the wall time of plans with the nets of one study.

    A step of the dearest variant is timed as each placement does it, once, on a CPU with a small
    batch; training is taken to grow with multiply-accumulates, compiling with depth
    unless blocks are looped over.
    """

    def __init__(self, variants: Sequence[Variant]) -> None:
        """Times nothing yet."""
        self._dearest = max(variants, key=lambda variant: variant.info.macs)
        self._known: dict[train.Placement, Rates] = {}

    def seconds(self, study: StudyConfig, variants: Sequence[Variant]) -> float:
        """Returns the time of the runs of a plan, in as many processes as it is trained in."""
        seconds, count = self._seconds(study, variants), process_count.for_training(study, variants)
        return seconds / max(1, min(count, runtime.cores()) * _SPEED) if count > 1 else seconds

    def _seconds(self, study: StudyConfig, variants: Sequence[Variant]) -> float:
        """Returns the time of the runs of a plan in this process."""
        seconds = 0.0
        for variant in variants:
            if not variant.info.same_as:
                seeds = len(variant.seeds_in(study))
                count = variant.together(seeds)
                rate = self._rate(_placement(variant, count), count)
                seconds += _work(variant) * seeds * rate.training
                seconds += _compiled(variant) * rate.compiling * (seeds // count)
        return seconds / jax.process_count()

    def whole_seconds(self, study: StudyConfig, variants: Sequence[Variant]) -> float:
        """Returns the same with what follows; see ``following_share``."""
        return self.seconds(study, variants) * (1 + following_share(study, variants))

    def _rate(self, placement: train.Placement, seeds: int) -> Rates:
        if placement not in self._known:
            self._known[placement] = rates(self._dearest, placement, seeds)
        return self._known[placement]


def evaluated_images(variant: Variant) -> int:
    """Returns how many images a run evaluates: at its evaluations, and the test split once."""
    dataset, training = variant.dataset, variant.train
    each = min(training.eval_train_examples, len(dataset.train))
    each += 0 if dataset.validation is None else len(dataset.validation)
    return training.evaluations * each + len(dataset.test)


def _placement(variant: Variant, seeds: int) -> train.Placement:
    """Returns where steps are timed: on this host alone, as the others are not asked."""
    return train.choose(variant.train, seeds, jax.local_devices())


def _work(variant: Variant) -> int:
    """Returns what a run computes, in units of ``Variant.work``; a step is three forward passes."""
    return variant.work + evaluated_images(variant) * variant.info.macs // 3


def _compiled(variant: Variant) -> int:
    """Returns how many layers of a net are compiled, about: as one, where equal ones are looped."""
    return 1 if variant.train.scan_blocks else variant.info.depth


def duration(seconds: float) -> str:
    """Returns a time in words.

    >>> duration(250), duration(42.3)
    ('4 min', '42 s')
    """
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


@dataclasses.dataclass(frozen=True)
class Rates:
    """What a study takes: seconds of training a multiply-accumulate, and of compiling a layer.

    Of a net whose blocks are looped over it is the net that is compiled.
    """

    training: float
    compiling: float


def rates(variant: Variant, placement: train.Placement, seeds: int) -> Rates:
    """Returns the rates of a variant, from steps of so many seeds on as many images as it takes."""
    config = variant.config
    if jax.default_backend() == "cpu":
        config = apply(config, _small_batches(config, placement))
    batch_size = config.train.batch_size
    timed = apply(config, (("train.eval_batch_size", batch_size),))
    program = train.build(variant.spec, timed.data, timed.train, variant.dataset, placement)
    (group, *_) = placement.groups(range(seeds))
    macs = variant.info.macs * batch_size * len(group)
    return Rates(
        training=step_seconds(program, group) / macs,
        compiling=program.compile_seconds / _compiled(variant),
    )


def _small_batches(config: StudyConfig, placement: train.Placement) -> Settings:
    """Returns settings of batches that a CPU is soon through, in one part.

    They may have fewer images than one part, or one group of statistics, of those asked for.
    """
    small = min(32 * jax.device_count(), config.train.batch_size)
    return (
        ("train.batch_size", placement.whole_batch(small)),
        ("train.gradient_accumulation", 1),
        ("train.statistics_images", None),
    )


def step_seconds(program: train.Program, seeds: Sequence[int]) -> float:
    """Returns the time of a train step of these seeds at once, the first one left out."""
    seed_states = program.place([train.initial(program, seed) for seed in seeds])
    batches = program.placement.train_batches(
        program.dataset,
        batch_size=program.config.batch_size,
        seeds=seeds,
        start=0,
        stop=1000,
    )
    seed_states = jax.block_until_ready(program.train_step(seed_states, next(batches)))
    times: list[float] = []
    for batch in batches:
        start = time.perf_counter()
        seed_states = jax.block_until_ready(program.train_step(seed_states, batch))
        times.append(time.perf_counter() - start)
        if sum(times) > PROBE_SECONDS:
            break
    return statistics.median(times)
