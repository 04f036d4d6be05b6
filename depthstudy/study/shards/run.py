"""Does the part of a study that falls to one machine: what does not depend on others' results.

That is the runs of the plan, the tuning trials and the probes. What depends on all runs, as longer
trainings, own settings, added seeds, tables and verdicts, is done where shards are merged.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import ml_collections

from depthstudy import execute, plan, store
from depthstudy.config import StudyConfig
from depthstudy.errors import InputError
from depthstudy.plan.shards import Shard, Share, divide
from depthstudy.study.shards.identity import hashes
from depthstudy.study.work import work_on


def run(
    study: ml_collections.ConfigDict | StudyConfig,
    workdir: str | Path,
    shard: Shard,
    *,
    command: str = "",
    config_file: str | None = None,
) -> Share:
    """Does a shard of a study, and returns what it was; called again, it goes on.

    Args:
      study: The config of the whole study.
      workdir: Folder of the shard, and of no other.
      shard: Which.
      command: The command line.
      config_file: As in ``study.run``.

    Raises:
      InputError: Something in the config is wrong, the study cannot be divided, or ``workdir``
        holds something else.
    """
    with store.bucket.work_in(workdir) as folder:
        return _run(study, folder, shard, command, config_file)


def _run(
    study: ml_collections.ConfigDict | StudyConfig,
    workdir: Path,
    shard: Shard,
    command: str,
    config_file: str | None,
) -> Share:
    study, variants, share = _planned(study, shard)
    info = store.ShardInfo(
        shard=str(shard),
        command=command,
        config_file=config_file,
        config=dataclasses.asdict(study),
        nets=hashes(variants),
        seeds=dict(share.seeds),
        finished=False,
    )
    _refuse_other_folder(workdir, info)
    with work_on(study, variants, workdir, command, config_file) as work:
        store.write_shard_info(workdir, info)
        execute.tune(work.session, study, [v for v in variants if v.name in share.tuned])
        work.session.train(
            [execute.Job(v, share.seeds[v.name]) for v in variants if v.name in share.seeds]
        )
        execute.measure(work.session, study, variants, workdir)
        work.reports.write()
        store.write_shard_info(workdir, dataclasses.replace(info, finished=True))
    return share


def describe(study: ml_collections.ConfigDict | StudyConfig, shard: Shard) -> str:
    """Returns what a shard does, and its share of the work; trains nothing.

    Raises:
      InputError: Something in the config is wrong, or the study cannot be divided.
    """
    _, _, share = _planned(study, shard)
    tuned = f"; tuning of {', '.join(share.tuned)}" if share.tuned else ""
    runs = ", ".join(
        f"{name} seed {', '.join(map(str, seeds))}" for name, seeds in share.seeds.items()
    )
    return f"shard {shard}, {share.work:.0%} of the work: {runs or 'no runs'}{tuned}"


def _planned(
    study: ml_collections.ConfigDict | StudyConfig, shard: Shard
) -> tuple[StudyConfig, Sequence[plan.Variant], Share]:
    study, variants = plan.prepare(study)
    if study.awaits_search:
        raise InputError(
            "a search proposes nets from results, so it cannot be divided; leave out --shard"
        )
    if study.time_budget is not None:
        raise InputError(
            "config.time_budget fits a study to one machine; leave it out with --shard"
        )
    return study, variants, divide(study, variants, shard.count)[shard.number - 1]


def _refuse_other_folder(workdir: Path, info: store.ShardInfo) -> None:
    earlier = store.read_earlier_shard_info(workdir)
    if earlier is not None and earlier.shard != info.shard:
        raise InputError(
            f"{workdir} holds shard {earlier.shard}, not {info.shard}; take another --workdir"
        )
    if earlier is None and store.read_info(workdir) is not None:
        raise InputError(f"{workdir} holds a whole study, and no shard; take another --workdir")
