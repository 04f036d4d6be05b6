"""Probes on weights from elsewhere: a file, its family, and images to look at."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from depthstudy import arch, config, data, nets, probes, records, store
from depthstudy.analysis.runs import Analyzed, measure
from depthstudy.arch import ArchSpec
from depthstudy.errors import InputError
from depthstudy.records import AnalysisInfo, AnalysisRun, Prediction

_TOP = 5  # classes that are told of an image
_BATCH = 16  # large images of large nets
_SIDE = 224  # of images, where the architecture is not made for a size
_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))  # what torchvision's nets expect
# TensorFlow's EfficientNet-Lite expects (pixel - 127) / 128, and so do the weights made from it.
_MOMENTS = {"efficientnet_lite": ((127 / 255,) * 3, (128 / 255,) * 3)}


def analyze_weights(
    path: str | Path,
    family: str,
    out: Path,
    *,
    options: Mapping[str, Any] | None = None,
    images: str | Path | None = None,
    image_size: int | None = None,
    classes: str | Path | None = None,
    names: Sequence[str] = (),
    examples: int = 2_000,
    command: str = "",
) -> AnalysisInfo:
    """Measures a file of weights, and writes what it found.

    The files are ``analysis.csv``, ``analysis.json`` and ``predictions.csv``.

    Args:
      path: What ``nets.read_weights`` reads.
      family: A key of ``arch.FAMILIES``.
      out: Where the tables are written.
      options: Options of the family.
      images: Folder of images; ``None`` is scikit-learn's two photographs.
      image_size: Side to which images are resized, in pixels; ``None`` is what the net is made for.
      classes: Text file with the name of a class on each line; ``None`` names them by number.
      names: Probes; none are all.
      examples: How many images a probe looks at.
      command: The command line, for the report.

    Raises:
      InputError: A file or a folder cannot be read, the weights are of another net, or an option
        or a probe is unknown.
    """
    names = probes.check(names)
    path = Path(path)
    spec, variables = load(path, family, options or {})
    class_names = _class_names(spec, classes)
    pictures = data.read_folder(Path(images), examples) if images else data.photographs()
    probe_input = probes.ProbeInput(
        network=nets.Network(spec),
        variables=variables,
        dataset=data.as_dataset(
            pictures,
            image_size or spec.resolution or _SIDE,
            class_names,
            _MOMENTS.get(family, _IMAGENET),
        ),
        examples=examples,
        batch_size=min(_BATCH, len(pictures)),
    )
    about = AnalysisRun(
        folder=str(path),
        study=path.name,
        variant=", ".join([family, *(f"{k}={v}" for k, v in (options or {}).items())]),
        seed=0,
        step=0,
        family=spec.family,
        depth=arch.cost(spec, probe_input.dataset.image_shape).depth,
        image_shape=probe_input.dataset.image_shape,
        images=_said(pictures, images),
    )
    rows = list(predictions(probe_input, pictures))
    store.write_table(out / store.PREDICTIONS, records.frame(Prediction, rows))
    return measure([Analyzed(about, probe_input)], out, names=names, command=command)


def parse_options(texts: Sequence[str]) -> dict[str, Any]:
    """Returns options from texts as ``"variant=b0"``, ``"width=8"`` and ``"residual=false"``.

    Raises:
      InputError: A text is none of these.
    """
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise InputError(f"--options: {text!r} is not NAME=VALUE")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found


def load(path: Path, family: str, options: Mapping[str, Any]) -> tuple[ArchSpec, Mapping[str, Any]]:
    """Returns the architecture of a family that a file's weights fit, and the weights in it.

    The number of classes is the file's.

    Raises:
      InputError: The file cannot be read, an option is wrong, or the weights are of another net.
    """
    spec = arch.build(family, **_checked(family, options))

    def with_classes(state: Mapping[str, np.ndarray]) -> ArchSpec:
        head = dataclasses.replace(spec.head, num_classes=nets.count_classes(spec, state))
        return dataclasses.replace(spec, head=head)

    state = nets.read_weights(path, lambda state: nets.check_torch(with_classes(state), state))
    return with_classes(state), nets.load_torch(with_classes(state), state)


def predictions(
    probe_input: probes.ProbeInput, pictures: Sequence[data.UnlabeledImage]
) -> Iterator[Prediction]:
    """Yields the five classes of greatest probability of each image that is no crop."""
    shown = np.array([index for index, found in enumerate(pictures) if found.whole])
    dataset = probe_input.dataset
    for start in range(0, len(shown), probe_input.batch_size):
        rows = shown[start : start + probe_input.batch_size]
        batch = dataset.train.gather(np.resize(rows, probe_input.batch_size))
        images = data.normalize(batch.images, dataset.mean, dataset.std)
        found = np.asarray(_probabilities(probe_input.network, probe_input.variables, images))
        for row, probabilities in zip(rows, found, strict=False):
            best = np.argsort(-probabilities, kind="stable")[:_TOP]
            for rank, number in enumerate(best.tolist(), start=1):
                yield Prediction(
                    image=pictures[row].name,
                    rank=rank,
                    number=number,
                    name=dataset.class_names[number],
                    probability=float(probabilities[number]),
                )


@functools.partial(jax.jit, static_argnums=0)
def _probabilities(
    network: nets.Network, variables: nets.Variables, images: Float[Array, "B H W C"]
) -> Float[Array, "B K"]:
    return jax.nn.softmax(jnp.asarray(network.apply(variables, images)))


def _checked(family: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Returns options of the types that they have in a config."""
    kinds = {field.name for field in dataclasses.fields(config.ModelConfig)} - {"family"}
    for name in options:
        if name not in kinds:
            arch.build(family, **{name: None})  # says which options the family takes
            raise InputError(f"--options: {name} is not to be set, the file says it")
    given = tuple((f"model.{name}", value) for name, value in options.items())
    model = config.apply(config.StudyConfig(), given).model
    return {name: getattr(model, name) for name in options}


def _class_names(spec: ArchSpec, path: str | Path | None) -> list[str]:
    count = spec.head.num_classes
    if path is None:
        return [str(number) for number in range(count)]
    try:
        names = Path(path).read_text(encoding="utf-8").rstrip("\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--classes: {path} cannot be read: {error}") from error
    if len(names) != count:
        raise InputError(f"--classes: {path} has {len(names)} lines; the net has {count} classes")
    return [name.strip() for name in names]


def _said(pictures: Sequence[data.UnlabeledImage], folder: str | Path | None) -> str:
    """Says of what images an analysis speaks."""
    if folder:
        return f"{len(pictures):,} images of the folder {folder}"
    whole = [found.name for found in pictures if found.whole]
    return (
        f"scikit-learn’s photographs {' and '.join(whole)}, whole and in "
        f"{len(pictures) - len(whole)} overlapping crops"
    )
