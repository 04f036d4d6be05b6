"""Runs a study and writes its report.

python scripts/run.py --config=configs/quickstart.py
python scripts/run.py --config=configs/quickstart.py --config.seeds=5 --workdir=results/five
python scripts/run.py --config=configs/quickstart.py --dry_run
"""

import shlex
import sys
import time
from pathlib import Path

from absl import flags
from ml_collections import config_flags

from depthstudy import cli, report, runtime, search, study
from depthstudy.errors import InputError

_CONFIG = config_flags.DEFINE_config_file(
    "config",
    None,
    "File of the study, for example configs/quickstart.py.",
    lock_config=False,
    accept_new_attributes=True,  # config.model.options.*; cli.run refuses what else is unknown
)
_WORKDIR = flags.DEFINE_string("workdir", None, "Folder of the study; default results/NAME.")
_DRY_RUN = flags.DEFINE_bool("dry_run", False, "Print the plan, and train and write nothing.")


def main() -> None:
    """Plans, runs and reports, as the flags say."""
    if _CONFIG.value is None:
        raise InputError("give --config=FILE, for example --config=configs/quickstart.py")
    runtime.set_up()
    if _DRY_RUN.value:
        print(search.describe(_CONFIG.value))
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
