"""Writes exports, each only if it computes what the net computes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from depthstudy import runtime, store
from depthstudy.deploy.export.formats import FORMATS
from depthstudy.deploy.net import TrainedNet
from depthstudy.errors import FailedError, InputError, did_you_mean
from depthstudy.store import arrays

TOLERANCE = 1e-4  # greatest difference of a logit, as a share of the greatest logit
_ABOUT = "net.json"
_COUNTS = (1, 5)  # sizes of the batches that are compared


class Exported(NamedTuple):
    """A file that was written.

    Attributes:
      path: Where it is.
      difference: Greatest difference of a logit from the net's, as a share of the greatest logit.
      use: How one runs it.
    """

    path: Path
    difference: float
    use: str


def export(net: TrainedNet, out: Path, formats: Sequence[str]) -> list[Exported]:
    """Writes a net in several formats, and ``net.json`` with what one has to know of it.

    Each is read back, run on images of random gray levels in batches of two sizes, and kept only
    if its logits are the net's. Formats of the same net that ``net.json`` names stay in it, also in
    a bucket, if the folder is one of ``store.bucket.write_to``.

    Args:
      net: The net.
      out: The folder.
      formats: Keys of ``FORMATS``.

    Raises:
      InputError: The net is a detector, no format or none of ours is named, or a package that it
        needs is missing.
      FailedError: What was exported computes something else, and nothing is written; or the bucket
        cannot be reached.
      OSError: The folder cannot be written.
    """
    if net.is_detector:
        raise InputError(f"{net} is a detector, which has no logits to compare an export by")
    allowed = ", ".join(FORMATS)
    if not formats:
        raise InputError(f"no format is named; allowed: {allowed}")
    for name in formats:
        if name not in FORMATS:
            raise InputError(f"no format {name!r}{did_you_mean(name, FORMATS)} allowed: {allowed}")
    store.require_writable(out)
    about = _about(net)
    earlier = _earlier_files(out, about)
    contents = {name: FORMATS[name].encode(net) for name in formats}
    differences = {name: compare(net, name, content) for name, content in contents.items()}
    written = []
    for name, content in contents.items():
        path = out / f"net{FORMATS[name].suffix}"
        store.write_bytes(path, content)
        written.append(Exported(path, differences[name], FORMATS[name].use(net)))
    files = {one.path.name: {"use": one.use, "difference": one.difference} for one in written}
    run = {"run": store.bucket.shown(net.folder)}
    store.write_json(out / _ABOUT, about | run | {"files": earlier | files})
    return written


def compare(net: TrainedNet, name: str, content: bytes) -> float:
    """Returns the greatest difference of a logit, as a share of the greatest, on a CPU.

    Products of accelerators are rounded to TF32 or bfloat16, which would hide a fault.

    Raises:
      InputError: JAX may not use the CPU.
      FailedError: It is above ``TOLERANCE``.
    """
    run = FORMATS[name].decode(content, net)
    differences = []
    with jax.default_device(runtime.cpu()):
        for count in _COUNTS:
            shape = (count, *net.preprocessing.image_shape)
            images = np.random.default_rng(count).integers(0, 256, shape, np.uint8)
            expected = np.asarray(net.logits(images))
            size = max(float(np.abs(expected).max()), 1e-6)
            differences.append(np.abs(run(images) - expected).max() / size)
    difference = float(np.max(differences))  # NaN if any is
    if not difference <= TOLERANCE:
        raise FailedError(
            f"the {name} export of {net} differs by {difference:.2g} of the greatest logit, which "
            "is more than rounding; nothing was written"
        )
    return difference


def _about(net: TrainedNet) -> dict[str, Any]:
    """Returns what makes a net the same net, wherever its run lies."""
    return {
        "variables_sha256": arrays.sha256(arrays.flatten(net.variables), {}),
        "step": net.step,
        "classes": list(net.classes),
        "preprocessing": net.preprocessing.to_dict(),
        "arch": None if net.spec is None else json.loads(net.spec.to_json()),
    }


def _earlier_files(out: Path, about: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what ``net.json`` says of files that are there, if it is of the same net."""
    names = store.bucket.files_beside(out / _ABOUT)
    earlier = store.read_earlier_json(out / _ABOUT, dict[str, Any], "it is written again") or {}
    files = earlier.get("files", {})
    if any(earlier.get(key) != value for key, value in json.loads(json.dumps(about)).items()):
        return {}
    return {name: use for name, use in files.items() if name in names}
