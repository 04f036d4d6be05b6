"""From finished runs to what a study says: its tables, verdicts, causes and recommendation."""

from __future__ import annotations

import dataclasses
import datetime
import time
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from depthstudy import records, runtime, store
from depthstudy.config import StudyConfig
from depthstudy.records import Attribution, Recommendation, StudyInfo, Verdict
from depthstudy.store import Outcome, RunStore
from depthstudy.study import attribution, decomposition, recommendation, treatments, verdicts
from depthstudy.study.plan import settings_of
from depthstudy.study.variant import Variant


@dataclasses.dataclass(frozen=True, eq=False)
class Result:
    """What a study found; all of it is also in ``workdir``."""

    workdir: Path
    info: StudyInfo
    summary: pd.DataFrame
    verdicts: tuple[Verdict, ...]
    attribution: tuple[Attribution, ...]
    recommendation: Recommendation | None


def conclude(
    study: StudyConfig,
    variants: Sequence[Variant],
    workdir: Path,
    command: str,
    start: float,
    compile_seconds: float,
) -> Result:
    """Writes the tables of a study whose runs are all done, and returns what they say.

    Args:
      study: The config of the study.
      variants: Its plan.
      workdir: Its folder.
      command: The command line, for the report.
      start: ``time.perf_counter()`` when this call of the study began.
      compile_seconds: Wall time that went into compiling.
    """
    runs = [
        (variant, seed, RunStore.of(workdir, variant.name, seed))
        for variant in variants
        for seed in range(study.seeds)
    ]
    outcomes = [_finished(run) for _, _, run in runs]
    rows = [
        _summary(variant, seed, outcome)
        for (variant, seed, _), outcome in zip(runs, outcomes, strict=True)
    ]
    summary = records.frame(records.Summary, rows)
    infos = tuple(variant.info for variant in variants)
    hypotheses = treatments.see_untreated(study.hypotheses)
    judged = verdicts.judge(summary, settings_of(variants), hypotheses)
    parts = decomposition.decompose(
        summary,
        {info.name: info.group for info in infos},
        {info.name: info.depth for info in infos},
    )
    mechanisms = {treatment.name: treatment.mechanism for treatment in study.treatments}
    causes = attribution.attribute(summary, infos, mechanisms)
    recommended = recommendation.recommend(summary, infos)
    measured = [
        dataclasses.replace(row, study=study.name)
        for _, _, run in runs
        for row in run.read_records()
    ]
    store.write_table(workdir / store.RECORDS, records.frame(records.Record, measured))
    store.write_table(workdir / store.SUMMARY, summary)
    store.write_table(workdir / store.DECOMPOSITION, records.frame(records.Decomposition, parts))
    store.write_table(workdir / store.ATTRIBUTION, records.frame(records.Attribution, causes))
    store.write_table(workdir / store.VERDICTS, records.frame(records.Verdict, judged))
    store.write_recommendation(workdir, recommended)
    earlier = store.read_info(workdir)
    info = StudyInfo(
        name=study.name,
        command=command,
        config=dataclasses.asdict(study),
        seeds=study.seeds,
        variants=infos,
        versions=runtime.versions(),
        hardware=runtime.hardware(),
        seconds={
            "compile": compile_seconds + (earlier.seconds["compile"] if earlier else 0),
            "train": sum(outcome.train_seconds for outcome in outcomes),
            "evaluate": sum(outcome.eval_seconds for outcome in outcomes),
            "total": time.perf_counter() - start + (earlier.seconds["total"] if earlier else 0),
        },
        finished=datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
    )
    store.write_info(workdir, info)
    return Result(workdir, info, summary, tuple(judged), tuple(causes), recommended)


def _finished(run: RunStore) -> Outcome:
    outcome = run.read_outcome()
    assert outcome is not None, run.folder
    return outcome


def _summary(variant: Variant, seed: int, outcome: Outcome) -> records.Summary:
    return records.Summary(
        variant=variant.name,
        seed=seed,
        train_error=outcome.train_error,
        test_error=outcome.test_error,
        gap=outcome.test_error - outcome.train_error,
        parameters=variant.info.parameters,
        macs=variant.info.macs,
        seconds=outcome.train_seconds + outcome.eval_seconds,
    )
