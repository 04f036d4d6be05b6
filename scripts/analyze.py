"""Measures why a trained net is as it is: any run of a study, or weights from elsewhere.

python scripts/analyze.py --run=results/quickstart/runs/plain_depth56/seed0
python scripts/analyze.py --run=PATH --run=OTHER --probes=gradients,cka --workdir=results/compare
python scripts/analyze.py --weights=mobilenet_v2.pth --family=mobilenet_v2 --images=FOLDER
python scripts/analyze.py --list_probes
"""

from depthstudy import interruption

interruption.install()  # first: a signal that comes while the rest is imported counts, too

import shlex
import sys
from pathlib import Path

from absl import flags

from depthstudy import analysis, cli, probes, report, runtime
from depthstudy.errors import InputError

_RUN = flags.DEFINE_multi_string("run", [], "Run folder; give it again for more runs.")
_WEIGHTS = flags.DEFINE_string("weights", None, "File of weights: .pth or .safetensors.")
_FAMILY = flags.DEFINE_string("family", None, "Family of the weights, as mobilenet_v2.")
_OPTIONS = flags.DEFINE_list("options", [], "Options of the family, as variant=b0,dropout=0.0.")
_IMAGES = flags.DEFINE_string(
    "images", None, "Folder of images to look at with the weights; default two photographs."
)
_IMAGE_SIZE = flags.DEFINE_integer(
    "image_size", None, "Side of those images in pixels; default what the net is made for.", 1
)
_CLASSES = flags.DEFINE_string("classes", None, "File with the name of a class on each line.")
_PROBES = flags.DEFINE_list("probes", [], "Names of probes; default all.")
_STEP = flags.DEFINE_integer("step", None, "Step of the checkpoint; default the last.", 0)
_EXAMPLES = flags.DEFINE_integer("examples", 2_000, "Examples that a probe may look at.", 1)
_WORKDIR = flags.DEFINE_string(
    "workdir", None, "Where to write; default RUN/analysis, or results/NAME of the weights."
)
_LIST = flags.DEFINE_bool("list_probes", False, "Print the probes, a line each.")

_OF_WEIGHTS = (_FAMILY, _OPTIONS, _IMAGES, _IMAGE_SIZE, _CLASSES)


def main() -> None:
    """Lists probes, or measures and reports, as the flags say."""
    if _LIST.value:
        for name, probe in probes.PROBES.items():
            print(f"{name:22}{probe.description}")
        return
    _check()
    runtime.set_up()
    command = shlex.join(["python", *sys.argv])
    if _WEIGHTS.value:
        workdir = Path(_WORKDIR.value or Path("results", Path(_WEIGHTS.value).stem))
        analysis.analyze_weights(
            _WEIGHTS.value,
            _FAMILY.value,
            workdir,
            options=analysis.parse_options(_OPTIONS.value),
            images=_IMAGES.value,
            image_size=_IMAGE_SIZE.value,
            classes=_CLASSES.value,
            names=_PROBES.value,
            examples=_EXAMPLES.value,
            command=command,
        )
    else:
        workdir = Path(_WORKDIR.value or Path(_RUN.value[0], "analysis"))
        analysis.analyze(
            _RUN.value,
            workdir,
            names=_PROBES.value,
            step=_STEP.value,
            examples=_EXAMPLES.value,
            command=command,
        )
    print(f"analysis: {report.write_analysis(workdir)}")


def _check() -> None:
    """Refuses flags that do not go together."""
    if bool(_RUN.value) == bool(_WEIGHTS.value):
        raise InputError(
            "give either --run=FOLDER, for example results/quickstart/runs/plain_depth8/seed0, or "
            "--weights=FILE with --family=NAME"
        )
    if _WEIGHTS.value and not _FAMILY.value:
        raise InputError("--weights needs --family=NAME, for example mobilenet_v2")
    wrong = [flag.name for flag in _OF_WEIGHTS if flag.value] if _RUN.value else []
    wrong += ["step"] if _WEIGHTS.value and _STEP.value is not None else []
    if wrong:
        raise InputError(f"--{wrong[0]} goes with --{'weights' if _RUN.value else 'run'} only")


if __name__ == "__main__":
    cli.run(main)
