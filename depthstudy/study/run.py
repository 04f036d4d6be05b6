"""Runs a study: plan, execute, conclude."""

from __future__ import annotations

import time
from pathlib import Path

import ml_collections
from absl import logging

from depthstudy import execute, plan, store, train
from depthstudy.config import StudyConfig
from depthstudy.study.conclude import Result, conclude


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
      workdir: Folder of the study.
      command: The command line, for the report.
      config_file: The file of the config, as on the command line (``"FILE.py:ARGUMENT"``), if it
        registers families, probes or sources: other processes run it, too.

    Raises:
      InputError: Something in the config is wrong, or ``workdir`` holds runs of another config.
    """
    study, variants = plan.prepare(study)
    workdir = Path(workdir)
    execute.check(study, variants, workdir)
    for warning in dict.fromkeys(train.no_gain(variant.train.precision) for variant in variants):
        if warning:
            logging.warning(warning)
    start = time.perf_counter()
    with store.lock(workdir):
        effort = execute.train_all(study, variants, workdir, config_file)
        execute.measure(study, variants, workdir, config_file)
        return conclude(study, variants, workdir, command, start, effort)
