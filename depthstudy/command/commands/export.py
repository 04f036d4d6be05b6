"""Writes a trained net in the formats of others, and compares each with the net.

  depthstudy export results/my_data
  depthstudy export results/my_data/runs/resnet_depth8/seed0 --formats=onnx

NET is the folder of a study, whose recommended net is taken, or of a run.
  stablehlo    a program for JAX on any device, from images to logits;
               normalization folded in
  safetensors  weights by torchvision's names where it has the family; the
               header has the rest
  onnx         needs `pip install 'depthstudy[onnx]'`; normalization folded in
A file is written only if, read back and run, its logits are the net's.
"""

from __future__ import annotations

from absl import flags

from depthstudy.errors import InputError


def define_flags() -> None:
    """Defines its flags."""
    flags.DEFINE_string("net", None, "Folder of a study or of a run.")
    flags.DEFINE_list("formats", ["stablehlo", "safetensors"], "stablehlo, safetensors, onnx.")
    flags.DEFINE_string("out", None, "Folder of the files; default export in that of the net.")
    flags.DEFINE_integer("step", None, "Step of the checkpoint; default the last.", 0)


def main(line: str) -> None:
    """Loads the net and writes it."""
    from depthstudy import deploy, runtime, store
    from depthstudy.deploy.export import export

    del line
    if flags.FLAGS.net is None:
        raise InputError("give a study or a run, as: depthstudy export results/my_data")
    runtime.set_up()
    net = deploy.load(flags.FLAGS.net, flags.FLAGS.step)
    bucket = store.bucket
    out = bucket.write_to(flags.FLAGS.out or bucket.joined(flags.FLAGS.net, "export"))
    print(f"net: {bucket.shown(net.folder)}, step {net.step}")
    exported = export(net, out, flags.FLAGS.formats)
    bucket.finish()
    for written in exported:
        difference = f"logits differ by {written.difference:.1e} of the greatest"
        print(f"{bucket.shown(written.path)}: {difference}")
        print(f"  {written.use}")
