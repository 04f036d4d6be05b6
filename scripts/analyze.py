"""Measures why a trained net is as it is: any run of a study, finished or not.

python scripts/analyze.py --run=results/quickstart/runs/plain_depth56/seed0
python scripts/analyze.py --run=PATH --run=OTHER --probes=gradients,cka --workdir=results/compare
python scripts/analyze.py --list_probes
"""

import shlex
import sys
from pathlib import Path

from absl import flags

from depthstudy import cli, probes, report, runtime, study
from depthstudy.errors import InputError

_RUN = flags.DEFINE_multi_string("run", [], "Run folder; give it again for more runs.")
_PROBES = flags.DEFINE_list("probes", [], "Names of probes; default all.")
_STEP = flags.DEFINE_integer("step", None, "Step of the checkpoint; default the last.", 0)
_EXAMPLES = flags.DEFINE_integer("examples", 2_000, "Examples that a probe may look at.", 1)
_WORKDIR = flags.DEFINE_string("workdir", None, "Where to write; default RUN/analysis.")
_LIST = flags.DEFINE_bool("list_probes", False, "Print the probes, a line each.")


def main() -> None:
    """Lists probes, or measures and reports, as the flags say."""
    if _LIST.value:
        for name, probe in probes.PROBES.items():
            print(f"{name:22}{probe.description}")
        return
    if not _RUN.value:
        raise InputError(
            "give --run=FOLDER, for example results/quickstart/runs/plain_depth8/seed0"
        )
    runtime.use_compilation_cache()
    workdir = Path(_WORKDIR.value or Path(_RUN.value[0], "analysis"))
    study.analyze(
        _RUN.value,
        workdir,
        names=_PROBES.value,
        step=_STEP.value,
        examples=_EXAMPLES.value,
        command=shlex.join(["python", *sys.argv]),
    )
    print(f"analysis: {report.write_analysis(workdir)}")


if __name__ == "__main__":
    cli.run(main)
