"""Makes one study of its shards, which `depthstudy run CONFIG --shard=1/4` did.

  depthstudy merge results/quickstart_shard*of4 --workdir=results/quickstart

Shards have to be of one config and of the same images, all there and finished;
all is checked before anything is written. Their runs are copied, and then what
has to see all runs is done here: longer trainings, nets with their own
settings, further seeds, tables, verdicts and the report. The config is that of
the shards. Where images lie elsewhere here, or the config file is not where it
was, give it once more: --config=my_data --config.data.source_dir=FOLDER.
"""

from __future__ import annotations

from absl import flags
from ml_collections import config_flags

from depthstudy.command import config_flag
from depthstudy.command.arguments import whole_study
from depthstudy.command.program import command_line
from depthstudy.errors import InputError


def define_flags() -> None:
    """Defines its flags."""
    config_flag.define("Config of the study, where it has to be given once more.")
    flags.DEFINE_multi_string("shard", [], "Folder of a shard; all of a study.")
    flags.DEFINE_string("workdir", None, "Folder of the whole study.")


def main(line: str) -> None:
    """Merges, ends the study, and reports."""
    from depthstudy import execute, runtime, store, study
    from depthstudy.command.ending import print_conclusion
    from depthstudy.config import parse
    from depthstudy.study import shards

    if flags.FLAGS.workdir is None:
        raise InputError("give --workdir=FOLDER, the folder of the whole study")
    given = flags.FLAGS.config
    if given is not None and given.get("executor") == "ray":
        execute.lead_by_ray()
    runtime.set_up()
    with store.bucket.work_in(flags.FLAGS.workdir) as workdir:
        merged = shards.merge(
            flags.FLAGS.shard,
            workdir,
            None if given is None else parse(given),
            None if given is None else config_flags.get_config_filename(flags.FLAGS["config"]),
        )
        before = merged.command if given is None else line
        words = whole_study(before, flags.FLAGS.workdir)
        command = command_line(*words) if words else ""
        result = study.run(merged.study, workdir, command=command, config_file=merged.config_file)
        print_conclusion(result, workdir)
