"""From finished runs to what a study says, written to its folder."""

from __future__ import annotations

import dataclasses
import datetime
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from depthstudy import nets, probes, records, runtime, store, tasks, train
from depthstudy.config import StudyConfig
from depthstudy.evidence import findings
from depthstudy.evidence.findings import Findings, Material
from depthstudy.execute import Session, Tuned, measurement
from depthstudy.plan import Variant, treatments
from depthstudy.records import StudyInfo
from depthstudy.study.collect import collect, outcomes
from depthstudy.study.settle import looks_of


@dataclasses.dataclass(frozen=True, eq=False)
class Result:
    """What a study found; all of it is also in ``workdir``."""

    workdir: Path
    info: StudyInfo
    summary: pd.DataFrame
    findings: Findings

    @property
    def verdicts(self) -> tuple[records.Verdict, ...]:
        """The verdict on each hypothesis, in their order."""
        return self.findings.verdicts

    @property
    def attribution(self) -> tuple[records.Attribution, ...]:
        """What each treatment wins back of what depth lost."""
        return self.findings.attribution

    @property
    def recommendation(self) -> records.Recommendation | None:
        """The net to take, if several can be compared."""
        return self.findings.recommendation


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
    material = collect(study, variants, workdir)
    hypotheses = treatments.see_untreated(study.hypotheses)
    found = findings.find(material, hypotheses, study.treatments, looks_of(study))
    trials = [row for one in asked.tuned.values() for row in one.rows]
    frame = records.frame
    tables = {
        store.RECORDS: frame(records.Record, [*material.trained, *material.probed]),
        store.SUMMARY: material.summary,
        store.TUNING: frame(records.TrialRow, trials),
        store.BUDGET: frame(records.BudgetRow, asked.budgets),
        store.VERDICTS: frame(records.Verdict, found.verdicts),
        store.ROBUSTNESS: frame(records.Robustness, found.robustness),
        store.DECOMPOSITION: frame(records.Decomposition, found.decomposition),
        store.ATTRIBUTION: frame(records.Attribution, found.attribution),
        store.MATCHED: frame(records.MatchedGap, found.matched),
        store.MEANS: frame(records.Mean, found.means),
        store.PARETO: frame(records.ParetoPoint, found.pareto),
        store.PRUNING: frame(records.PrunedNet, found.pruning),
        store.GAINS: frame(records.Gain, found.gains),
    }
    for name, table in tables.items():
        store.write_table(workdir / name, table)
    store.write_recommendation(workdir, found.recommendation)
    info = _info(study, variants, workdir, command, start, session, material)
    store.write_info(workdir, info)
    return Result(workdir, info, material.summary, found)


def _info(
    study: StudyConfig,
    variants: Sequence[Variant],
    workdir: Path,
    command: str,
    start: float,
    session: Session,
    material: Material,
) -> StudyInfo:
    """Returns what was run; the times of earlier calls are added to those of this one."""
    earlier = store.read_info(workdir)
    done = outcomes(study, variants, workdir)
    task = tasks.of(variants[0].dataset)
    seconds = {
        "compile": session.compile_seconds + (earlier.seconds["compile"] if earlier else 0),
        "train": sum(outcome.train_seconds for outcome in done),
        "evaluate": sum(outcome.eval_seconds for outcome in done),
        "total": time.perf_counter() - start + (earlier.seconds["total"] if earlier else 0),
    }
    if material.probed:
        seconds["measure"] = measurement.seconds(material.probed, material.variants)
    return StudyInfo(
        name=study.name,
        command=command,
        config=dataclasses.asdict(study),
        seeds=study.seeds,
        variants=tuple(material.whole().variants),
        versions=runtime.versions(),
        hardware=runtime.hardware() | {"convolutions": nets.convolutions()},
        seconds=seconds,
        processes=max(session.processes, earlier.processes if earlier else 1),
        metrics={**train.training_metrics(task), **measurement.metrics(study.probes)},
        probe_titles={name: probes.PROBES[name].title for name in study.probes},
        finished=datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
    )
