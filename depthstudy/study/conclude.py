"""From finished runs to what a study says: its tables, verdicts, causes and recommendation."""

from __future__ import annotations

import dataclasses
import datetime
import math
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from depthstudy import nets, probes, records, runtime, store, tasks, train
from depthstudy.arch import Cost, spec_from_json
from depthstudy.config import StudyConfig, Treatment
from depthstudy.evidence import (
    attribution,
    decomposition,
    gains,
    improvement,
    matched,
    means,
    metrics,
    pareto,
    pruning,
    recommendation,
    robustness,
    verdicts,
)
from depthstudy.execute import Session, Tuned, measurement
from depthstudy.plan import Variant, settings_of, treatments
from depthstudy.plan.follow_up import LONGER, OWN_SETTINGS
from depthstudy.records import Attribution, Recommendation, StudyInfo, Verdict
from depthstudy.store import Outcome, RunStore
from depthstudy.study import inputs


@dataclasses.dataclass(frozen=True, eq=False)
class Result:
    """What a study found; all of it is also in ``workdir``."""

    workdir: Path
    info: StudyInfo
    summary: pd.DataFrame
    verdicts: tuple[Verdict, ...]
    attribution: tuple[Attribution, ...]
    recommendation: Recommendation | None
    robustness: tuple[records.Robustness, ...] = ()


class FollowUps(NamedTuple):
    """What followed from the results of a study.

    Attributes:
      tuned: The settings that were found for variants, by name.
      budgets: What came of longer trainings.
    """

    tuned: Mapping[str, Tuned]
    budgets: tuple[records.BudgetRow, ...]


def conclude(
    study: StudyConfig,
    variants: Sequence[Variant],
    workdir: Path,
    command: str,
    start: float,
    session: Session,
    asked: FollowUps,
) -> Result:
    """Writes the tables of a study whose runs are all done, and returns what they say.

    Args:
      study: The config of the study.
      variants: Its plan.
      workdir: Its folder.
      command: The command line, for the report.
      start: ``time.perf_counter()`` when this call of the study began.
      session: Where it was trained.
      asked: What followed from results, and why.
    """
    runs = [
        (variant, seed, RunStore.of(workdir, variant.runs, seed))
        for variant in variants
        for seed in range(variant.seeds or study.seeds)
    ]
    outcomes = [_finished(run) for variant, _, run in runs if not variant.info.same_as]
    prices = [_price(run) for _, _, run in runs]
    measured = [run.read_records() for _, _, run in runs]
    rows = [
        _summary(workdir, variant, seed, run, price, records_of_run)
        for (variant, seed, run), price, records_of_run in zip(runs, prices, measured, strict=True)
    ]
    summary = records.frame(records.Summary, rows)
    infos = tuple(
        _costed(variant, [p for run, p in zip(runs, prices, strict=True) if run[0] is variant])
        for variant in variants
    )
    wrong, images = inputs.predictions(runs), inputs.image_counts(variants[0])
    parts = decomposition.decompose(
        summary,
        {info.name: info.group for info in infos},
        {info.name: info.depth for info in infos},
        predictions=wrong,
        images=images,
    )
    causes = attribution.attribute(
        summary, infos, [*study.treatments, *_follow_ups(infos)], predictions=wrong, images=images
    )
    equal = [info for info in infos if not info.treatment.startswith(LONGER)]
    recommended = recommendation.recommend(
        summary,
        equal,
        predictions=wrong,
        images=images,
        budgets=inputs.budgets(variants),
        controls=[treatment.name for treatment in study.treatments if treatment.control_of],
    )
    trained = [
        dataclasses.replace(row, study=study.name, variant=variant.name)
        for (variant, _, _), records_of_run in zip(runs, measured, strict=True)
        for row in records_of_run
    ]
    probed = [row for variant in variants for row in measurement.read(study, variant, workdir)]
    hypotheses = treatments.see_untreated(study.hypotheses)
    wide = metrics.widen(summary, [*trained, *probed], [row.metric for row in hypotheses])
    judged = verdicts.judge(
        wide,
        settings_of(variants),
        hypotheses,
        predictions=wrong,
        images=images,
        chance=tasks.of(variants[0].dataset).chance_error,
    )
    robust = robustness.robustness(
        hypotheses,
        judged,
        wide,
        settings_of(variants),
        tuned={i.untreated: i.name for i in infos if i.treatment == OWN_SETTINGS},
        longer=_longest(infos),
    )
    gaps = matched.gaps(trained, {info.name: info.group for info in infos})
    averages = means.over_seeds(summary, probed)
    points = pareto.points(summary, equal)
    pruned = pruning.compare(
        summary, trained, infos, {variant.name: variant.config.prune for variant in variants}
    )
    gained = gains.against_first(summary, equal)
    store.write_table(workdir / store.RECORDS, records.frame(records.Record, [*trained, *probed]))
    store.write_table(workdir / store.SUMMARY, summary)
    store.write_table(workdir / store.MEANS, records.frame(records.Mean, averages))
    store.write_table(workdir / store.PARETO, records.frame(records.ParetoPoint, points))
    store.write_table(workdir / store.PRUNING, records.frame(records.PrunedNet, pruned))
    store.write_table(workdir / store.GAINS, records.frame(records.Gain, gained))
    store.write_table(workdir / store.DECOMPOSITION, records.frame(records.Decomposition, parts))
    store.write_table(workdir / store.MATCHED, records.frame(records.MatchedGap, gaps))
    store.write_table(workdir / store.ATTRIBUTION, records.frame(records.Attribution, causes))
    store.write_table(workdir / store.VERDICTS, records.frame(records.Verdict, judged))
    trials = [row for one in asked.tuned.values() for row in one.rows]
    store.write_table(workdir / store.TUNING, records.frame(records.TrialRow, trials))
    store.write_table(workdir / store.BUDGET, records.frame(records.BudgetRow, asked.budgets))
    store.write_table(workdir / store.ROBUSTNESS, records.frame(records.Robustness, robust))
    store.write_recommendation(workdir, recommended)
    earlier = store.read_earlier_info(workdir)
    info = StudyInfo(
        name=study.name,
        command=command,
        config=dataclasses.asdict(study),
        seeds=study.seeds,
        variants=infos,
        versions=runtime.versions(),
        hardware=runtime.hardware() | {"convolutions": nets.convolutions()},
        seconds={
            "compile": session.compile_seconds + (earlier.seconds["compile"] if earlier else 0),
            "train": sum(outcome.train_seconds for outcome in outcomes),
            "evaluate": sum(outcome.eval_seconds for outcome in outcomes),
            **({"measure": measurement.seconds(probed, infos)} if probed else {}),
            "total": time.perf_counter() - start + (earlier.seconds["total"] if earlier else 0),
        },
        processes=max(session.processes, earlier.processes if earlier else 1),
        metrics={**_training_metrics(variants), **measurement.metrics(study.probes)},
        probe_titles={name: probes.PROBES[name].title for name in study.probes},
        damaged={
            f"{variant.name} seed {seed}": tuple(names)
            for variant, seed, run in runs
            if not variant.info.same_as and (names := store.damages(run))
        },
        finished=datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
    )
    store.write_info(workdir, info)
    return Result(workdir, info, summary, tuple(judged), tuple(causes), recommended, tuple(robust))


def _follow_ups(infos: Sequence[records.VariantInfo]) -> list[Treatment]:
    """Returns what results asked for as treatments: settings of its own, and a longer training."""
    names = dict.fromkeys(info.treatment for info in infos)
    return [
        Treatment(name, "recipe" if name == OWN_SETTINGS else "budget", ())
        for name in names
        if name == OWN_SETTINGS or name.startswith(LONGER)
    ]


def _longest(infos: Sequence[records.VariantInfo]) -> dict[str, str]:
    longer = [info for info in infos if info.treatment.startswith(LONGER)]
    return {info.untreated: info.name for info in sorted(longer, key=lambda info: info.steps)}


def _unfinished(rows: Sequence[records.Record], train_error: float) -> bool:
    losses = [row.value for row in rows if (row.probe, row.metric) == ("training", "loss")]
    judged = improvement.improvement(losses, train_error)
    return judged is not None and judged.unfinished


def _training_metrics(variants: Sequence[Variant]) -> Mapping[str, tuple[records.Metric, ...]]:
    return train.training_metrics(tasks.of(variants[0].dataset))


def _finished(run: RunStore) -> Outcome:
    outcome = run.read_outcome()
    assert outcome is not None, run.folder
    return outcome


def _price(run: RunStore) -> Cost:
    info = run.read_info()
    assert info is not None, run.folder
    return nets.cost(spec_from_json(info.arch), info.image_shape)


def _costed(variant: Variant, prices: Sequence[Cost]) -> records.VariantInfo:
    """Returns what a variant is, at the mean cost of its runs, which pruning may set apart."""
    rows = [dataclasses.asdict(price) for price in prices]
    means: dict[str, Any] = {
        field: None if value is None else round(statistics.fmean(row[field] for row in rows))
        for field, value in rows[0].items()
    }
    return dataclasses.replace(variant.info, **means)


def _summary(
    workdir: Path,
    variant: Variant,
    seed: int,
    run: RunStore,
    price: Cost,
    rows: Sequence[records.Record],
) -> records.Summary:
    outcome = _finished(run)
    seconds = outcome.train_seconds + outcome.eval_seconds
    if variant.info.dense and variant.config.prune.control == "none":
        before = _finished(RunStore.of(workdir, variant.info.dense, seed))
        seconds += before.train_seconds + before.eval_seconds
    assert outcome.test_error is not None, run.folder
    return records.Summary(
        variant=variant.name,
        seed=seed,
        train_error=outcome.train_error,
        validation_error=math.nan if outcome.validation_error is None else outcome.validation_error,
        test_error=outcome.test_error,
        gap=outcome.test_error - outcome.train_error,
        unfinished=_unfinished(rows, outcome.train_error),
        parameters=price.parameters,
        macs=price.macs,
        seconds=seconds,
    )
