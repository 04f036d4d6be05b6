"""Runs a study: plan, execute, conclude. What is executed may follow from results."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

import ml_collections
from absl import logging

from depthstudy import execute, plan, store
from depthstudy.config import StudyConfig
from depthstudy.errors import InputError
from depthstudy.plan import follow_up
from depthstudy.study.conclusions.conclude import FollowUps, Result, conclude
from depthstudy.study.facts import data_info
from depthstudy.study.forecast import time_budget
from depthstudy.study.settle import settle
from depthstudy.study.work import work_on


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
    if study.awaits_search:
        raise InputError(
            "config.search has to find the variants first: `depthstudy run` and search.run do so"
        )
    whole, fitted = study, time_budget.fit(study, variants, workdir)
    study, variants, line = fitted
    if line:
        logging.warning(line)
    with work_on(study, variants, workdir, command, config_file) as work:
        time_budget.keep(whole, fitted, workdir)
        session = work.session
        tuned = execute.tune(session, study, variants)
        tuned_jobs = _with_own_settings(study, variants, tuned)
        session.train([*execute.jobs_of(study, variants), *tuned_jobs])
        longest, budgets = execute.check_budgets(session, study, variants, tuned)
        execute.measure(session, study, variants, workdir)
        settled = settle(session, work.runs)
        every = plan.with_all_settings([*settled, *(job.variant for job in tuned_jobs), *longest])
        asked = FollowUps(tuned, tuple(budgets))
        result = conclude(work.runs.of(every), work.call, asked)
        return dataclasses.replace(result, data=data_info.counted(work.runs, work.infos))


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
