"""A plan as text: what would be trained, what it costs, and about how long it takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import jax
import ml_collections
import pandas as pd

from depthstudy.config import StudyConfig
from depthstudy.errors import first_names
from depthstudy.evidence.budgets import UNEQUAL, budget_ratio
from depthstudy.evidence.choice import halving
from depthstudy.evidence.choice.improvement import LEAST_POINTS
from depthstudy.evidence.claims import pairing
from depthstudy.evidence.metrics import is_learned
from depthstudy.execute.executors import process_count
from depthstudy.plan import (
    Variant,
    images_seen,
    never_at_peak,
    pools,
    prepare,
    see_untreated,
    untested,
)
from depthstudy.plan.follow_up import untreated
from depthstudy.study.facts import data_info
from depthstudy.study.forecast import time_budget
from depthstudy.study.forecast.estimate import Estimator, duration
from depthstudy.train.stops import stops


def describe(study: ml_collections.ConfigDict | StudyConfig) -> str:
    """Returns the plan of a study as a table with a line of totals; trains nothing.

    It writes nothing but images of a folder to the cache, and says so.

    Raises:
      InputError: Something in the config is wrong.
    """
    return "\n".join(describe_parts(study))


def describe_parts(study: ml_collections.ConfigDict | StudyConfig) -> Iterator[str]:
    """Yields data, table, hypotheses that it cannot test and, once steps are timed, the totals.

    Raises:
      InputError: Something in the config is wrong.
    """
    study, variants = prepare(study)
    process_count.check(study)
    study, variants, line = time_budget.fit(study, variants)
    if line:
        yield line
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
    for info in data_info.of_plan(variants)[:1]:
        yield from data_info.lines(info)
    for place in data_info.places(variants):
        yield f"      prepared in {place}"
    yield f"\n{pd.DataFrame(rows).to_string(index=False)}\n"
    yield from never_at_peak(variants)
    yield from untested(study.hypotheses, pools.compared(study, variants))
    distinct = [variant for variant in variants if not variant.info.same_as]
    seconds = Estimator(variants).seconds(study, variants)
    count = process_count.for_training(study, variants)
    shared = f" in {count} processes" if count > 1 else ""
    yield (
        f"{runs_in_words(study, variants)}; "
        f"about {duration(seconds)} on {jax.device_count()} x {jax.devices()[0].device_kind}"
        f"{shared}, "
        "guessed from a few steps of the dearest variant\n"
        f"{following(study, variants)}{measuring(study, len(distinct))}{unequal(study, variants)}"
        f"{sparse_curves(study, variants)}"
    )


def runs_in_words(study: StudyConfig, variants: Sequence[Variant]) -> str:
    """Returns how many runs there are, as a product where all variants have as many."""
    distinct = [variant for variant in variants if not variant.info.same_as]
    runs = sum(len(variant.seeds_in(study)) for variant in distinct)
    even = runs == len(distinct) * study.seeds
    return (f"{len(distinct)} variants x {study.seeds} seeds = " if even else "") + f"{runs:,} runs"


def unequal(study: StudyConfig, variants: Sequence[Variant]) -> str:
    """Says which hypotheses on errors and losses compare nets of which one sees more images."""
    settings, seen = pools.compared(study, variants), images_seen(variants)
    lines = ""
    for hypothesis in see_untreated(study.hypotheses):
        ratio = budget_ratio(pairing.pairs(hypothesis, settings), seen)
        if is_learned(hypothesis.metric) and ratio is not None and ratio > UNEQUAL:
            lines += (
                f"unequal budgets: hypothesis {hypothesis.name!r} compares nets of which one sees "
                f"{ratio:.2g} times the images\n"
            )
    return lines


def sparse_curves(study: StudyConfig, variants: Sequence[Variant]) -> str:
    """Says of which nets it cannot be told whether they had finished, for want of a curve."""
    sparse = [
        variant.name
        for variant in untreated(variants)
        if len(stops(variant.train, variant.info.steps)) < LEAST_POINTS <= variant.info.steps
    ]
    if not sparse:
        return ""
    return (
        f"not told: whether {first_names(sparse)} had finished, as train curves have fewer than "
        f"{LEAST_POINTS} points (config.train.log_every={study.train.log_every})\n"
    )


def following(study: StudyConfig, variants: Sequence[Variant]) -> str:
    """Says what follows from results, whose time is not in the estimate."""
    lines = ""
    if study.tune:
        least, most = (
            len(untreated(variants)) * halving.cost(study.tune, extra) * study.tune_seeds
            for extra in (0, halving.MOST_EXTRA)
        )
        lines += (
            f"first each untreated net is tuned ({', '.join(field for field, _ in study.tune)}), "
            f"which takes as long as {least:.0f} of these runs, or up to {most:.0f} where the best "
            "lies at an edge, and trained once more with its own settings\n"
        )
    if study.budget_check:
        factors = ", ".join(map(str, study.budget_check))
        lines += f"then nets that do not fit are trained {factors} times as long\n"
    if study.seeds_until_settled:
        lines += (
            f"then seeds are added, up to {study.seeds_until_settled}, to the nets of hypotheses "
            "that are not decided\n"
        )
    return lines


def measuring(study: StudyConfig, variants: int) -> str:
    """Says what is measured after training, whose time depends on the compiler most of all."""
    if not study.probes:
        return ""
    runs = variants * min(study.probe_seeds, study.seeds)
    return f"then {', '.join(study.probes)} are measured on {runs} runs, which takes its own time\n"


def _pixels(size: int | None) -> str:
    return "–" if size is None else f"{size} px"
