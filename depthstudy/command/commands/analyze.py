"""Measures why a net is as it is: any run of a study, or weights from elsewhere.

  depthstudy analyze results/quickstart/runs/plain_depth38/seed0
  depthstudy analyze RUN OTHER --probes=gradients,cka --workdir=results/both
  depthstudy analyze --weights=mobilenet_v2.pth --images=FOLDER
  depthstudy analyze --weights=FILE --family=efficientnet --options=variant=b0
  depthstudy analyze --list_probes

A RUN is the folder of one, as results/NAME/runs/VARIANT/seed0.
"""

from __future__ import annotations

from pathlib import Path

from absl import flags

from depthstudy.errors import InputError

_OF_WEIGHTS = ("family", "options", "images", "image_size", "classes", "mean", "std")


def define_flags() -> None:
    """Defines its flags."""
    flags.DEFINE_multi_string("run", [], "Run folder; several are set side by side.")
    flags.DEFINE_string("weights", None, "File of weights: .pth, .safetensors or Keras.")
    flags.DEFINE_string("family", None, "Family, as mobilenet_v2; default told by the file.")
    flags.DEFINE_list("options", [], "Options of the family, as variant=b0,dropout=0.0.")
    flags.DEFINE_string(
        "images", None, "Images for the weights, sub-folders their labels; default two photographs."
    )
    flags.DEFINE_integer("image_size", None, "Their side in pixels; default the net's own.", 1)
    flags.DEFINE_string("classes", None, "File with the name of a class on each line.")
    flags.DEFINE_list(
        "mean", [], "Mean of each channel, pixels being in [0, 1]; default the family's."
    )
    flags.DEFINE_list("std", [], "Standard deviation of each channel, as --mean.")
    flags.DEFINE_list("probes", [], "Names of probes; default all.")
    flags.DEFINE_integer("step", None, "Step of the checkpoint; default the last.", 0)
    flags.DEFINE_integer("examples", 2_000, "Examples that a probe may look at.", 1)
    flags.DEFINE_string(
        "workdir", None, "Where to write; default RUN/analysis, or results/NAME of the weights."
    )
    flags.DEFINE_bool("list_probes", False, "Print the probes, a line each.")


def main(line: str) -> None:
    """Lists probes, or measures and reports, as the flags say."""
    from depthstudy import analysis, probes, report, runtime, store

    given = flags.FLAGS
    if given.list_probes:
        for name, probe in probes.PROBES.items():
            print(f"{name:22}{probe.description}")
        return
    _check()
    runtime.set_up()
    if given.weights:
        place = given.workdir or str(Path("results", Path(given.weights).stem))
        workdir = store.bucket.write_to(place)
        info = analysis.analyze_weights(
            given.weights,
            given.family,
            workdir,
            options=analysis.parse_options(given.options),
            pictures=analysis.Pictures(
                images=given.images,
                image_size=given.image_size,
                classes=given.classes,
                mean=analysis.parse_numbers("mean", given.mean),
                std=analysis.parse_numbers("std", given.std),
                examples=given.examples,
            ),
            names=given.probes,
            command=line,
        )
        for text in (f"weights: {info.runs[0].variant}", *info.runs[0].caveats):
            print(text)
    else:
        place = given.workdir or store.bucket.joined(given.run[0], "analysis")
        workdir = store.bucket.write_to(place)
        analysis.analyze(
            given.run,
            workdir,
            names=given.probes,
            step=given.step,
            examples=given.examples,
            command=line,
        )
    print(f"analysis: {store.bucket.shown(report.write_analysis(workdir))}")


def _check() -> None:
    """Refuses flags that do not go together."""
    given = flags.FLAGS
    if bool(given.run) == bool(given.weights):
        raise InputError(
            "give either --run=FOLDER, for example results/quickstart/runs/plain_depth8/seed0, or "
            "--weights=FILE"
        )
    wrong = [name for name in _OF_WEIGHTS if given[name].value] if given.run else []
    wrong += ["step"] if given.weights and given.step is not None else []
    if wrong:
        raise InputError(f"--{wrong[0]} goes with --{'weights' if given.run else 'run'} only")
