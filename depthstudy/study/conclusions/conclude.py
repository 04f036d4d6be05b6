"""From finished runs to what a study says, written to its folder."""

from __future__ import annotations

import dataclasses
import datetime
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from depthstudy import nets, probes, records, report, runtime, store, tasks, train
from depthstudy.config import StudyConfig
from depthstudy.evidence import deeper, findings, metrics
from depthstudy.evidence.findings import Findings
from depthstudy.evidence.material import Material
from depthstudy.execute import Session, Tuned, measurement
from depthstudy.plan import pools, see_untreated
from depthstudy.records import StudyInfo
from depthstudy.study.conclusions.next_step import next_step
from depthstudy.study.conclusions.past import Past
from depthstudy.study.conclusions.write import write_images, write_scenes, write_tables
from depthstudy.study.facts.collect import collect
from depthstudy.study.facts.looks import looks_of
from depthstudy.study.facts.runs import StudyRuns

# Of a study that is not done. A command that adds to it could be refused, as few runs suggest it.
_GO_ON = records.NextStep(
    reason="Wait until all runs are done; give the same command again where it was interrupted."
)


@dataclasses.dataclass(frozen=True, eq=False)
class Result:
    """What a study found; all of it is also in ``workdir``."""

    workdir: Path
    info: StudyInfo
    summary: pd.DataFrame
    findings: Findings
    answer: records.Answer | None = None
    data: tuple[records.DataInfo, ...] = ()

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


class Call(NamedTuple):
    """A call of a study.

    Attributes:
      command: The command line, for the report.
      start: ``time.perf_counter()`` when it began.
      session: Where it trains.
    """

    command: str
    start: float
    session: Session


def conclude(runs: StudyRuns, call: Call, asked: FollowUps) -> Result:
    """Writes the tables of a study whose runs are all done, and returns what they say.

    Args:
      runs: The runs of the study.
      call: Its call.
      asked: What followed from results, and why.
    """
    workdir = runs.workdir
    trials = [row for one in asked.tuned.values() for row in one.rows]
    material = collect(runs, trials)
    result = _judged(runs, call, material)
    _write(workdir, runs, result, material, asked.budgets)
    store.remove_folder(workdir / store.PARTIAL)
    return result


def conclude_so_far(runs: StudyRuns, call: Call) -> None:
    """Writes the report of the runs that are done, if any are, with its tables beside it."""
    done = len(runs.outcomes())
    if not done:
        return
    material = collect(runs)
    result = _judged(runs, call, material)
    info = dataclasses.replace(result.info, partial=f"{done} of {len(runs.stores)}")
    answer = result.answer and dataclasses.replace(result.answer, next=_GO_ON)
    folder = runs.workdir / store.PARTIAL
    _write(folder, runs, dataclasses.replace(result, info=info, answer=answer), material)
    report.write_partial(folder, runs.workdir / store.REPORT)


def _write(
    folder: Path,
    runs: StudyRuns,
    result: Result,
    material: Material,
    budgets: tuple[records.BudgetRow, ...] = (),
) -> None:
    write_tables(folder, material, result.findings, budgets)
    write_images(folder, runs.variants, result.findings)
    write_scenes(folder, runs.variants[0])
    store.write_answer(folder, result.answer)
    store.write_info(folder, result.info)


def _judged(runs: StudyRuns, call: Call, material: Material) -> Result:
    study = runs.study
    hypotheses = see_untreated(study.hypotheses)
    study_findings = findings.find(material, hypotheses, study.treatments, looks_of(runs))
    info = _info(runs, call, material)
    headline = deeper.headline(
        study_findings.deeper, study_findings.recommendation, material.variants
    )
    compared = pools.compared(study, runs.variants)
    extra = Counter(trial.variant for trial in material.trials if trial.beyond_grid)
    past = Past(
        study=study,
        command=call.command,
        workdir=runs.workdir,
        processes=info.processes,
        summary=metrics.widen(material.summary, material.trained, ()),
        settings=compared,
        chance=material.chance,
        extra_trials=max(extra.values(), default=0),
    )
    answer = records.Answer(
        group=headline.group if headline else "",
        depths=study_findings.deeper,
        next=next_step(past, study_findings, headline, hypotheses),
        no_choice=study_findings.no_choice,
    )
    return Result(runs.workdir, info, material.summary, study_findings, answer)


def _info(runs: StudyRuns, call: Call, material: Material) -> StudyInfo:
    """Returns what was run; the times of earlier calls are added to those of this one."""
    study, session = runs.study, call.session
    earlier = store.read_earlier_info(runs.workdir)
    done = runs.outcomes()
    task = tasks.of(runs.variants[0].dataset)
    seconds = {
        "compile": session.compile_seconds + (earlier.seconds["compile"] if earlier else 0),
        "train": sum(outcome.train_seconds for outcome in done),
        "evaluate": sum(outcome.eval_seconds for outcome in done),
        "total": time.perf_counter() - call.start + (earlier.seconds["total"] if earlier else 0),
    }
    if material.probed:
        seconds["measure"] = measurement.seconds(material.probed, material.variants)
    return StudyInfo(
        name=study.name,
        command=call.command,
        config=dataclasses.asdict(study),
        seeds=study.seeds,
        variants=tuple(material.whole().variants),
        versions=runtime.versions(),
        hardware=runtime.hardware() | {"convolutions": nets.convolutions()} | _elsewhere(study),
        seconds=seconds,
        processes=max(session.processes, earlier.processes if earlier else 1),
        metrics={**train.training_metrics(task), **measurement.metrics(study.probes)},
        probe_titles={name: probes.PROBES[name].title for name in study.probes},
        damaged=runs.damages(),
        looks=tuple(looks_of(runs).items()),
        finished=datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
    )


def _elsewhere(study: StudyConfig) -> dict[str, str]:
    """Says that runs were done on other machines than the one that is described, if they were."""
    if study.executor == "local":
        return {}
    return {"runs": "on a Ray cluster, led from the machine that is described here"}
