"""Runs a study: plan, execute, conclude. What is executed may follow from results."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import ml_collections
from absl import logging

from depthstudy import execute, plan, store, train
from depthstudy.config import StudyConfig
from depthstudy.errors import InputError
from depthstudy.plan import follow_up
from depthstudy.study.conclusions.conclude import Call, FollowUps, Result, conclude, conclude_so_far
from depthstudy.study.facts import data_info
from depthstudy.study.facts.runs import StudyRuns
from depthstudy.study.forecast import time_budget
from depthstudy.study.partial import PartialReports
from depthstudy.study.settle import settle


def run(
    study: ml_collections.ConfigDict | StudyConfig,
    workdir: str | Path,
    *,
    command: str = "",
    config_file: str | None = None,
) -> Result:
    """Trains every variant with every seed, and writes records, summary and verdicts.

    Finished runs in ``workdir`` are not run again, an interrupted one continues from its last
    checkpoint, and a study may grow by seeds, variants and hypotheses from call to call.

    Args:
      study: The config of the study.
      workdir: Folder of the study, which may be in a bucket (``"s3://BUCKET/FOLDER"``, ``gs://``).
      command: The command line, for the report.
      config_file: The file of the config, as on the command line (``"FILE.py:ARGUMENT"``), if it
        registers families, probes or sources: other processes run it, too.

    Raises:
      InputError: Something in the config is wrong, or ``workdir`` holds runs of another config.
    """
    with store.bucket.work_in(workdir) as folder:
        return _run(study, folder, command, config_file)


def _run(
    study: ml_collections.ConfigDict | StudyConfig,
    workdir: Path,
    command: str,
    config_file: str | None,
) -> Result:
    study, variants = plan.prepare(study)
    if study.search.trials and not study.variants:
        raise InputError(
            "config.search has to find the variants first: `depthstudy run` and search.run do so"
        )
    whole, fitted = study, time_budget.fit(study, variants, workdir)
    study, variants, line = fitted
    if line:
        logging.warning(line)
    execute.check(study, variants, workdir)
    warn(study, variants)
    start, runs = time.perf_counter(), StudyRuns(study, variants, workdir)
    with (
        store.lock(workdir),
        contextlib.closing(execute.Session(study, variants, workdir, config_file)) as session,
        reported(runs, call := Call(command, start, session)),
    ):
        time_budget.keep(whole, fitted, workdir)
        execute.reopen_shorter(study, variants, workdir)
        execute.repair_measured(study, variants, workdir)
        infos = data_info.write(workdir, variants)
        tuned = execute.tune(session, study, variants)
        tuned_jobs = _with_own_settings(study, variants, tuned)
        session.train([*execute.jobs_of(study, variants), *tuned_jobs])
        longest, budgets = execute.check_budgets(session, study, variants, tuned)
        execute.measure(session, study, variants, workdir)
        settled = settle(session, runs)
        every = plan.with_all_settings([*settled, *(job.variant for job in tuned_jobs), *longest])
        asked = FollowUps(tuned, tuple(budgets))
        result = conclude(runs.of(every), call, asked)
        return dataclasses.replace(result, data=data_info.counted(runs, infos))


def warn(study: StudyConfig, variants: Sequence[plan.Variant]) -> None:
    """Warns of precisions that gain nothing, rates not reached and hypotheses nothing tests."""
    local = variants if study.executor == "local" else ()  # others train on what they have
    for warning in dict.fromkeys(train.no_gain(variant.train.precision) for variant in local):
        if warning:
            logging.warning(warning)
    untested = plan.untested(study.hypotheses, plan.pools.compared(study, variants))
    for warning in (*plan.never_at_peak(variants), *untested):
        logging.warning(warning)


@contextlib.contextmanager
def reported(runs: StudyRuns, call: Call) -> Iterator[PartialReports]:
    """Has a report of what is done now and then, and of what was done when it is interrupted."""
    reports = PartialReports(lambda: conclude_so_far(runs, call))
    call.session.listener = reports.hear
    try:
        yield reports
    except KeyboardInterrupt:
        reports.write()
        raise


def _with_own_settings(
    study: StudyConfig, variants: Sequence[plan.Variant], tuned: Mapping[str, execute.Tuned]
) -> list[execute.Job]:
    """Returns each tuned net with its settings; one that has them as it is needs no seeds."""
    jobs = []
    for variant in variants:
        if variant.name in tuned:
            how = follow_up.own_settings(variant, tuned[variant.name].settings)
            followed = follow_up.follow(variant, how)
            seeds = () if followed.info.same_as else tuple(range(study.seeds))
            jobs.append(execute.Job(followed, seeds, how))
    return jobs
