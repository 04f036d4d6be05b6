"""Classifies images with a trained net; writes the probability of each class.

  depthstudy predict results/my_data FOLDER
  depthstudy predict results/my_data/runs/resnet_depth8/seed0 one.png two.png

NET is the folder of a study, whose recommended net is taken, or of a run.
IMAGES are files (PNG, JPEG, WebP, BMP, TIFF) or folders of them. Nothing is
needed but the folder: the net's preprocessing and the names of its classes are
in it. Where the folders of the images are named like classes, the error is
told.
"""

from __future__ import annotations

from absl import flags

from depthstudy.errors import InputError


def define_flags() -> None:
    """Defines its flags."""
    flags.DEFINE_string("net", None, "Folder of a study or of a run.")
    flags.DEFINE_multi_string("images", [], "Image file, or folder of images; several are allowed.")
    flags.DEFINE_string("out", "predictions.csv", "The table.")
    flags.DEFINE_integer("step", None, "Step of the checkpoint; default the last.", 0)


def main(line: str) -> None:
    """Reads the images, classifies them and writes the table."""
    from depthstudy import deploy, runtime, store

    del line
    if flags.FLAGS.net is None or not flags.FLAGS.images:
        raise InputError("give a study and images, as: depthstudy predict results/my_data FOLDER")
    path = store.bucket.write_to(flags.FLAGS.out)
    if path.exists() and not path.is_file():  # as /dev/null, of which root would make a file
        raise InputError(
            f"--out={flags.FLAGS.out} is a folder or a device; give a file, as predictions.csv"
        )
    store.require_writable(path.parent)
    runtime.set_up()
    net = deploy.load(flags.FLAGS.net, flags.FLAGS.step)
    predictions = net.predict(flags.FLAGS.images)
    store.write_table(path, predictions.frame())
    store.bucket.finish()
    print(f"net: {store.bucket.shown(net.folder)}, step {net.step}")
    error = predictions.error()
    if error is not None:
        print(f"error: {error:.1%} of {len(predictions)} images, by the names of their folders")
    print(f"predictions: {store.bucket.shown(path)}, {len(predictions)} images")
