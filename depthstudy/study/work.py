"""What a study and a shard begin with: checks, warnings, the lock of the folder and a session."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from absl import logging

from depthstudy import execute, plan, records, store, train
from depthstudy.config import StudyConfig
from depthstudy.errors import DamagedError
from depthstudy.study.conclusions.conclude import Call, conclude_so_far
from depthstudy.study.facts import data_info
from depthstudy.study.facts.runs import StudyRuns
from depthstudy.study.partial import PartialReports


class Work(NamedTuple):
    """A study that is being worked on in its folder.

    Attributes:
      session: Trains its runs.
      runs: Its runs, those of earlier calls included.
      call: The call, for what is concluded.
      reports: Writes a report of what is done now and then.
      infos: Its sets of data, as they are described in its folder.
    """

    session: execute.Session
    runs: StudyRuns
    call: Call
    reports: PartialReports
    infos: tuple[records.DataInfo, ...]


@contextlib.contextmanager
def work_on(
    study: StudyConfig,
    variants: Sequence[plan.Variant],
    workdir: Path,
    command: str,
    config_file: str | None,
) -> Iterator[Work]:
    """Locks the folder of a study, mends what an earlier call left broken, and trains there.

    When it is interrupted it reports what was done.

    Args:
      study: The config.
      variants: Its plan.
      workdir: Its folder.
      command: The command line.
      config_file: As in ``study.run``.

    Raises:
      InputError: The folder holds runs of another config, or they cannot be done here.
    """
    execute.check(study, variants, workdir)
    _warn(study, variants)
    _warn_of_another(study, workdir)
    start, runs = time.perf_counter(), StudyRuns(study, variants, workdir)
    with (
        store.lock(workdir),
        contextlib.closing(execute.Session(study, variants, workdir, config_file)) as session,
    ):
        call = Call(command, start, session)
        reports = PartialReports(lambda: conclude_so_far(runs, call))
        session.listener = reports.hear
        try:
            execute.reopen_shorter(study, variants, workdir)
            execute.repair_measured(study, variants, workdir)
            yield Work(session, runs, call, reports, data_info.write(workdir, variants))
        except KeyboardInterrupt:
            reports.write()
            raise


def _warn(study: StudyConfig, variants: Sequence[plan.Variant]) -> None:
    """Warns of precisions that gain nothing, rates not reached and hypotheses nothing tests."""
    local = variants if study.executor == "local" else ()  # others train on what they have
    for warning in dict.fromkeys(train.no_gain(variant.train.precision) for variant in local):
        if warning:
            logging.warning(warning)
    untested = plan.untested(study.hypotheses, plan.pools.compared(study, variants))
    for warning in (*plan.never_at_peak(variants), *untested):
        logging.warning(warning)


def _warn_of_another(study: StudyConfig, workdir: Path) -> None:
    """Says that a folder holds a study of another name, whose report will be gone."""
    with contextlib.suppress(DamagedError):  # what is damaged is said where it is written again
        info = store.read_info(workdir)
        if info is not None and info.name != study.name:
            logging.warning(
                "%s holds the study %s; the report and tables of %s take the place of its own, "
                "unless it has another --workdir",
                store.bucket.shown(workdir),
                info.name,
                study.name,
            )
