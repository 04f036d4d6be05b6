"""Trains a study and writes its report. CONFIG is a file, or one of these by name:

  base  quickstart  diagnose  my_data  families  pruning  precision
  plain_rescue  search  detection  cifar10_he2015  imagenet_resnet50
  claims/NAME

  depthstudy run quickstart --dry_run
  depthstudy run my_data --config.data.source_dir=FOLDER --config.seeds=5
  depthstudy run my_study.py --workdir=results/mine

Any setting changes as --config.FIELD=VALUE; `depthstudy settings` lists them.
An interrupted study goes on when the same command is given again. On several
hosts each runs it; --shard=2/4 does a part of it on each of four machines, and
`depthstudy merge` makes one study of them.
"""

from __future__ import annotations

from pathlib import Path

from absl import flags
from ml_collections import config_flags

from depthstudy.command import config_flag


def define_flags() -> None:
    """Defines its flags."""
    config_flag.define()
    flags.DEFINE_string(
        "workdir",
        None,
        "Folder of the study; default results/NAME, of a shard results/NAME_shard2of4. May be"
        " s3://BUCKET/FOLDER or gs://.",
    )
    flags.DEFINE_string("shard", None, "Do only this part of the study, as 2/4.")
    flags.DEFINE_enum(
        "executor", None, ["local", "ray"], "Who does the runs; short for --config.executor."
    )
    flags.DEFINE_bool(
        "dry_run", False, "Print the plan and train nothing; images of a folder are prepared."
    )
    flags.DEFINE_string(
        "coordinator", None, "Of several hosts: address of the first and a free port, HOST:PORT."
    )
    flags.DEFINE_integer("process_id", None, "Of several hosts: which one this is, from 0.")
    flags.DEFINE_integer("process_count", None, "Of several hosts: how many there are.")
    flags.DEFINE_bool(
        "distributed", False, "Of several hosts: take these three from TPU pod, SLURM or MPI."
    )
    flags.DEFINE_bool(
        "clean_cache", False, "Remove all prepared images of folders, and do no more."
    )


def main(line: str) -> None:
    """Plans, runs and reports, as the flags say."""
    from depthstudy import data, execute, hosts, runtime
    from depthstudy.config import parse

    config = config_flag.given()
    if flags.FLAGS.clean_cache:
        place, sets, size = data.clean(parse(config).data)
        print(f"{place}: {sets} prepared sets removed, {size / 1e6:,.1f} MB")
        return
    values = flags.FLAGS
    if values.executor is not None:
        config.executor = values.executor
    if config.get("executor") == "ray":
        execute.lead_by_ray()
    with hosts.joined(
        values.coordinator,
        values.process_id,
        values.process_count,
        distributed=values.distributed,
    ):
        runtime.set_up()
        if hosts.is_writer():
            _run(line)
            execute.dismiss()
        else:
            execute.follow()


def _run(line: str) -> None:
    from depthstudy import search, store
    from depthstudy.command.ending import print_conclusion, print_shard
    from depthstudy.config import parse
    from depthstudy.plan.shards import Shard
    from depthstudy.study import shards

    config = flags.FLAGS.config
    shard = None if flags.FLAGS.shard is None else Shard.parse(flags.FLAGS.shard)
    if flags.FLAGS.dry_run:
        if store.bucket.is_url(flags.FLAGS.workdir or ""):
            print(store.bucket.described(flags.FLAGS.workdir), flush=True)
        if shard is not None:
            print(shards.describe(config, shard), flush=True)
        for part in search.describe_parts(config):
            print(part, flush=True)
        return
    folder = Path("results", config.name)
    default_workdir = folder if shard is None else folder.with_name(f"{folder.name}_{shard.label}")
    called = {
        "command": line,
        "config_file": config_flags.get_config_filename(flags.FLAGS["config"]),
    }
    parse(config)  # before another machine is asked for anything
    with store.bucket.work_in(flags.FLAGS.workdir or default_workdir) as workdir:
        if shard is None:
            print_conclusion(search.run(config, workdir, **called), workdir)
        else:
            print_shard(shards.run(config, workdir, shard, **called), shard, workdir, folder)
