"""A study from arrays: would a deeper net help on these images?"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from depthstudy import config, plan, questions, report, runtime, store
from depthstudy import study as studies
from depthstudy.config import StudyConfig, Value
from depthstudy.data.pipeline import subset
from depthstudy.data.sources import arrays_file
from depthstudy.errors import InputError
from depthstudy.notebook.result import StudyResult

_TEST_SHARE = 0.2
_FILE = "images.npz"


def study(
    images: ArrayLike,
    labels: ArrayLike,
    depths: Sequence[int] = (8, 20, 44),
    *,
    test: tuple[ArrayLike, ArrayLike] | None = None,
    class_names: Sequence[str] | None = None,
    families: Sequence[str] = ("plain", "resnet"),
    seeds: int = 3,
    epochs: int = 20,
    name: str = "notebook",
    workdir: str | Path | None = None,
    settings: Mapping[str, Value] | None = None,
) -> StudyResult:
    """Trains nets of several depths on arrays, and returns what the study says.

    >>> result = study(images, labels, depths=(8, 20, 44))  # doctest: +SKIP
    >>> net = result.recommend()  # doctest: +SKIP

    The same call goes on where it was interrupted, and trains nothing that is trained already.

    Args:
      images: ``[N, H, W, C]`` or, gray, ``[N, H, W]``, of type uint8.
      labels: Their classes, ``[N]``, integers from 0.
      depths: Weight layers of the nets; those for small images have ``6 n + 2``.
      test: Images and labels to test on; ``None`` takes a fifth of ``images``, stratified.
      class_names: Names of the classes; ``None`` names them by number.
      families: Keys of ``arch.FAMILIES`` whose members differ in depth.
      seeds: How many nets of each kind are trained; no verdict rests on fewer than three.
      epochs: Passes over the images that are trained on.
      name: Name of the study.
      workdir: Its folder; ``None`` is ``results/NAME``.
      settings: Any other setting by its dotted name, as ``{"train.learning_rate": 0.1}``;
        ``depthstudy settings`` lists them.

    Raises:
      InputError: An array has another type or shape, a setting is wrong, or the folder holds runs
        of another config.
    """
    runtime.use_compilation_cache()
    place = workdir or Path("results", name)
    content = arrays_file.encode(_splits(images, labels, test), class_names)
    with store.bucket.work_in(place) as folder:
        path = folder / _FILE
        asked = _config(name, depths, families, seeds, epochs, store.bucket.portable(path))
        asked = config.apply(asked, tuple((settings or {}).items()))
        config.refuse_shadowed(asked, settings or ())
        if not path.exists():
            _check(asked, content)
            store.write_bytes(path, content)
            store.bucket.finish()  # from there it is read
        elif path.read_bytes() != content:
            raise InputError(f"{place} holds a study of other images; take another name or workdir")
        called = f"depthstudy.study(..., workdir={str(place)!r})"
        result = studies.run(asked, folder, command=called)
        return StudyResult(result, report.write(folder))


def _check(asked: StudyConfig, content: bytes) -> None:
    """Checks a study before its images are kept, which would have to be those of the next call."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, _FILE)
        path.write_bytes(content)
        plan.prepare(config.apply(asked, (("data.source_dir", str(path)),)))


def _splits(
    images: ArrayLike, labels: ArrayLike, test: tuple[ArrayLike, ArrayLike] | None
) -> dict[str, tuple[ArrayLike, ArrayLike]]:
    images, labels = np.asarray(images), np.asarray(labels)
    if test is not None:
        return {"train": (images, labels), "test": test}
    if len(images) != len(labels) or labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise InputError(
            f"labels are {labels.dtype} {labels.shape}; allowed: integers [{len(images)}], one an "
            "image"
        )
    held_out = subset.held_out(labels, _TEST_SHARE, seed=0)
    return {
        "train": (images[~held_out], labels[~held_out]),
        "test": (images[held_out], labels[held_out]),
    }


def _config(
    name: str,
    depths: Sequence[int],
    families: Sequence[str],
    seeds: int,
    epochs: int,
    path: str,
) -> StudyConfig:
    asked = config.defaults()
    asked.name, asked.seeds = name, seeds
    asked.data.name, asked.data.source_dir = arrays_file.NAME, path
    asked.sweep = (("model.family", tuple(families)), ("model.depth", tuple(depths)))
    asked.train.batch_size, asked.train.epochs = 32, epochs
    asked.train.learning_rate, asked.train.warmup_steps = 0.05, 20
    asked.train.log_every, asked.train.evaluations = 10, 3
    if {"plain", "resnet"} <= set(families) and len(depths) > 1:
        asked.hypotheses = questions.degradation()
    return config.parse(asked)
