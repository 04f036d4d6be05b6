"""Runs a study and writes its report.

python scripts/run.py --config=configs/quickstart.py
python scripts/run.py --config=configs/quickstart.py --config.seeds=5 --workdir=results/five
python scripts/run.py --config=configs/quickstart.py --dry_run
"""

from depthstudy import interruption

interruption.install()  # first: a signal that comes while the rest is imported counts, too

import shlex
import sys
import time
from pathlib import Path

from absl import flags
from ml_collections import config_flags

from depthstudy import cli, config, data, report, runtime, search, study
from depthstudy.errors import InputError

_CONFIG = config_flags.DEFINE_config_file(
    "config",
    None,
    "File of the study, for example configs/quickstart.py.",
    lock_config=False,
    accept_new_attributes=True,  # config.model.options.*; cli.run refuses what else is unknown
)
_WORKDIR = flags.DEFINE_string("workdir", None, "Folder of the study; default results/NAME.")
_DRY_RUN = flags.DEFINE_bool(
    "dry_run", False, "Print the plan and train nothing; images of a folder are prepared."
)
_CLEAN_CACHE = flags.DEFINE_bool(
    "clean_cache", False, "Remove all prepared images of folders from the cache, and do no more."
)


def main() -> None:
    """Plans, runs and reports, as the flags say."""
    if _CONFIG.value is None:
        raise InputError("give --config=FILE, for example --config=configs/quickstart.py")
    if _CLEAN_CACHE.value:
        place, sets, size = data.clean(config.parse(_CONFIG.value).data)
        print(f"{place}: {sets} prepared sets removed, {size / 1e6:,.1f} MB")
        return
    runtime.set_up()
    if _DRY_RUN.value:
        for part in search.describe_parts(_CONFIG.value):
            print(part, flush=True)
        return
    workdir = Path(_WORKDIR.value or Path("results", _CONFIG.value.name))
    result = search.run(
        _CONFIG.value,
        workdir,
        command=shlex.join(["python", *sys.argv]),
        config_file=config_flags.get_config_filename(flags.FLAGS["config"]),
    )
    start = time.perf_counter()
    path = report.write(workdir)
    seconds = time.perf_counter() - start
    print(f"{study.conclusion(result)}, report {seconds:.0f} s\n\nreport: {path}")


if __name__ == "__main__":
    cli.run(main)
