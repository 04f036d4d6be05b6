"""A plan as text: what would be trained, what it costs, and about how long it takes."""

from __future__ import annotations

import dataclasses
import math
import statistics
import time
from collections.abc import Iterator, Sequence

import jax
import ml_collections
import pandas as pd

from depthstudy import runtime, train
from depthstudy.config import StudyConfig, apply
from depthstudy.evidence import halving
from depthstudy.execute import process_count
from depthstudy.plan import Variant, prepare, settings_of, untested
from depthstudy.records import Attribution, Recommendation, Robustness, Verdict
from depthstudy.study.conclude import Result

_PROBE_SECONDS = 2.0  # how long a step is timed
_SPEED = 0.7  # of a net on its share of the cores, to that of one on all; measured on two


def describe(study: ml_collections.ConfigDict | StudyConfig) -> str:
    """Returns the plan of a study as a table with a line of totals; trains and writes nothing.

    Raises:
      InputError: Something in the config is wrong.
    """
    return "\n".join(describe_parts(study))


def describe_parts(study: ml_collections.ConfigDict | StudyConfig) -> Iterator[str]:
    """Yields the table, hypotheses that it cannot test, and, once steps are timed, the totals.

    Raises:
      InputError: Something in the config is wrong.
    """
    study, variants = prepare(study)
    process_count.check(study)
    rows = [
        {
            "variant": variant.name,
            "depth": variant.info.depth,
            "parameters": f"{variant.info.parameters:,}",
            "MACs": f"{variant.info.macs:,}",
            "receptive field": _pixels(variant.info.receptive_field),
            "image": " x ".join(map(str, variant.info.image_shape)),
            "steps": variant.info.same_as or f"{variant.info.steps:,}",
        }
        for variant in variants
    ]
    yield f"{pd.DataFrame(rows).to_string(index=False)}\n"
    yield from untested(study.hypotheses, settings_of(variants))
    own = [variant for variant in variants if not variant.info.same_as]
    seconds, shared = estimate_seconds(study, variants), ""
    count = process_count.for_training(study, variants)
    if count > 1:
        seconds /= max(1, min(count, runtime.cores()) * _SPEED)
        shared = f" in {count} processes"
    yield (
        f"{len(own)} variants x {study.seeds} seeds = {len(own) * study.seeds} runs; "
        f"about {_duration(seconds)} on {jax.device_count()} x {jax.devices()[0].device_kind}"
        f"{shared}, "
        "guessed from a few steps of the dearest variant\n"
        f"{following(study, len(own))}{measuring(study, len(own))}"
    )


def following(study: StudyConfig, variants: int) -> str:
    """Says what follows from results, whose time is not in the estimate."""
    lines = ""
    if study.tune:
        trials = variants * halving.cost(study.tune) * study.tune_seeds
        lines += (
            f"first each net is tuned ({', '.join(field for field, _ in study.tune)}), which takes "
            f"as long as {trials:.0f} of these runs, and trained once more with its own settings\n"
        )
    if study.budget_check:
        factors = ", ".join(map(str, study.budget_check))
        lines += f"then nets that do not fit are trained {factors} times as long\n"
    return lines


def measuring(study: StudyConfig, variants: int) -> str:
    """Says what is measured after training, whose time depends on the compiler most of all."""
    if not study.probes:
        return ""
    runs = variants * min(study.probe_seeds, study.seeds)
    return f"then {', '.join(study.probes)} are measured on {runs} runs, which takes its own time\n"


def conclusion(result: Result) -> str:
    """Returns a line a verdict, a cause and the recommendation, and where the time went."""
    statements = {h["name"]: h["statement"] for h in result.info.config["hypotheses"]}
    robust = {row.hypothesis: row for row in result.robustness}
    lines = [
        f"{verdict.verdict:>12}  {statements[verdict.hypothesis]}{_numbers(verdict)}"
        f"{_robust(robust.get(verdict.hypothesis))}"
        for verdict in result.verdicts
    ]
    lines += [
        f"{'cause':>12}  {_cause(row)}"
        for row in result.attribution
        if row.established and not row.control_of
    ]
    if result.recommendation:
        lines.append(f"{'take':>12}  {_take(result.recommendation)}")
    seconds = ", ".join(f"{part} {time:.0f} s" for part, time in result.info.seconds.items())
    shared = f" in {result.info.processes} processes" if result.info.processes > 1 else ""
    return "\n".join([*lines, "", f"{seconds}{shared}"])


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


def _numbers(verdict: Verdict) -> str:
    if verdict.verdict == "not tested":
        return " (no variants to compare)"
    if math.isnan(verdict.low):
        return f" (effect {verdict.effect:+.3g}; {verdict.seeds} seed gives no interval)"
    more = f"; {verdict.seeds_to_settle} would settle it" if verdict.seeds_to_settle else ""
    rounding = 1e-9 * (verdict.high - verdict.low)  # what sums of equal numbers differ by
    effect = verdict.effect if abs(verdict.effect) > rounding else 0.0
    return (
        f" (effect {effect:+.3g}, 95% interval {verdict.low:+.3g} to {verdict.high:+.3g}, "
        f"p {verdict.p:.2g}, {verdict.seeds} seeds{more})"
    )


def _robust(row: Robustness | None) -> str:
    """Says on a line of its own what becomes of a verdict with other recipes."""
    if row is None or not row.word:
        return ""
    effects = (
        ("with own settings", row.effect_own_settings),
        ("trained longest", row.effect_longer),
    )
    known = ", ".join(
        f"{words} {effect:+.3g}" for words, effect in effects if math.isfinite(effect)
    )
    return f"\n{'':>12}  {row.word}{f': {known}' if known else ''}"


def _cause(row: Attribution) -> str:
    return (
        f"{row.variant}: {row.mechanism.replace('_', ' ')}; {row.treatment} wins back "
        f"{100 * row.recovered:.1f} of {100 * row.excess:.1f} points (share {row.share:.0%}, "
        f"95% interval {row.share_low:.0%} to {row.share_high:.0%}, {row.seeds} seeds)"
    )


def _take(found: Recommendation) -> str:
    return (
        f"{found.variant}: depth {found.depth}, test error {found.test_error:.1%}, "
        f"{found.macs:,} MACs, {found.seconds:.1f} s a run"
    )


def _duration(seconds: float) -> str:
    """Returns a time in words, as ``"4 min"``."""
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _pixels(size: int | None) -> str:
    return "–" if size is None else f"{size} px"
