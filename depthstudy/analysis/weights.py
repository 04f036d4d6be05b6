"""Probes on weights from elsewhere: a file, its net, and images to look at."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from depthstudy import arch, data, nets, probes, records, store
from depthstudy.analysis import image_labels
from depthstudy.analysis.foreign_net import ForeignNet, Moments, load
from depthstudy.analysis.opening import Analyzed
from depthstudy.analysis.predictions import predictions
from depthstudy.analysis.runs import measure
from depthstudy.arch.bounds import check_least
from depthstudy.errors import InputError
from depthstudy.records import AnalysisInfo, AnalysisRun, Prediction

_BATCH = 16  # large images of large nets


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pictures:
    """Which images a net is to look at, and how.

    Attributes:
      images: Folder of images, whose sub-folders are labels; ``None`` is scikit-learn's two
        photographs.
      image_size: Side to which images are resized, in pixels; ``None`` is what the net is made for.
      classes: Text file with the name of a class on each line; ``None`` names them by number.
      mean: Mean of each channel, as pixels of [0, 1]; ``()`` is what the family expects.
      std: Standard deviation of each channel, in the same unit.
      examples: How many images a probe looks at.
    """

    images: str | Path | None = None
    image_size: int | None = None
    classes: str | Path | None = None
    mean: Sequence[float] = ()
    std: Sequence[float] = ()
    examples: int = 2_000

    def __post_init__(self) -> None:
        """Refuses images of no pixels, or none."""
        check_least("an analysis", self, image_size=1, examples=1)


def analyze_weights(
    path: str | Path,
    family: str | None,
    out: str | Path,
    *,
    options: Mapping[str, Any] | None = None,
    pictures: Pictures | None = None,
    names: Sequence[str] = (),
    command: str = "",
) -> AnalysisInfo:
    """Measures a file of weights, and writes what it found.

    The files are ``analysis.csv``, ``analysis.json`` and ``predictions.csv``.

    Args:
      path: What ``nets.read_weights`` reads.
      family: A key of ``arch.FAMILIES``; ``None`` tells it from the file.
      out: Where the tables are written.
      options: Options of the family.
      pictures: What the net looks at; ``None`` is what ``Pictures`` has by default.
      names: Probes; none are all.
      command: The command line, for the report.

    Raises:
      InputError: A file or a folder cannot be read, the weights are of another net, or an option
        or a probe is unknown.
      OSError: ``out`` cannot be written.
    """
    names = probes.check(names)
    if family in arch.DETECTORS:
        raise InputError(
            f"--family={family} is a detector, and of weights from elsewhere only those of"
            " classifiers are probed; nets.load_torch loads those of effdet"
        )
    path, asked = store.bucket.copied(path), pictures or Pictures()
    out = store.bucket.write_to(out)
    store.require_writable(out)
    net = load(path, family, options or {})
    if net.channels not in (1, 3):
        raise InputError(f"{path}: the net takes images of {net.channels} channels; allowed: 1, 3")
    class_names = _class_names(net, asked.classes)
    folder = store.bucket.copied(asked.images) if asked.images else None
    seen = data.read_folder(folder, asked.examples) if folder else data.photographs()
    label_folders = data.label_folders(folder) if folder else []
    labels = image_labels.labels(seen, label_folders, class_names, asked.classes is not None)
    moments, whose = _moments(net, asked)
    whole = data.as_dataset(
        seen, asked.image_size or net.image_size, class_names or ("",), moments, net.channels
    )
    probe_input = probes.ProbeInput(
        network=nets.Network(net.spec),
        variables=net.variables,
        dataset=data.with_labels(whole, seen, labels) if labels else whole,
        examples=asked.examples,
        batch_size=min(_BATCH, len(seen)),
    )
    about = AnalysisRun(
        folder=store.bucket.shown(path),
        study=path.name,
        variant=net.label,
        seed=0,
        step=0,
        family=net.spec.family,
        depth=arch.cost(net.spec, whole.image_shape).depth,
        image_shape=whole.image_shape,
        images=_description(seen, asked.images),
        labeled=labels is not None,
        caveats=(*_inferences(net), whose, *nets.caveats(net.spec, net.style)),
    )
    rows = list(predictions(dataclasses.replace(probe_input, dataset=whole), seen))
    store.write_table(out / store.PREDICTIONS, records.frame(Prediction, rows))
    return measure([Analyzed(about, probe_input)], out, names=names, command=command)


def parse_options(texts: Sequence[str]) -> dict[str, Any]:
    """Returns options from texts as ``"variant=b0"``, ``"width=8"`` and ``"residual=false"``.

    Raises:
      InputError: A text is none of these.
    """
    options = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise InputError(f"--options: {text!r} is not NAME=VALUE")
        try:
            options[name] = json.loads(value)
        except ValueError:
            options[name] = value
    return options


def parse_numbers(flag: str, texts: Sequence[str]) -> tuple[float, ...]:
    """Returns numbers from texts.

    Raises:
      InputError: A text is none.
    """
    try:
        return tuple(map(float, texts))
    except ValueError:
        raise InputError(f"--{flag}: {','.join(texts)!r} are not numbers, as 0.5,0.5,0.5") from None


def _class_names(net: ForeignNet, path: str | Path | None) -> list[str]:
    """Returns the names of the classes; two of a net of one logit, none of one without a head."""
    count = net.spec.head.num_classes
    count = 2 if count == 1 else count
    if path is None:
        return [str(number) for number in range(count)]
    try:
        names = store.bucket.copied(path).read_text(encoding="utf-8").rstrip("\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--classes: {path} cannot be read: {error}") from error
    if len(names) != count:
        raise InputError(f"--classes: {path} has {len(names)} lines; the net has {count} classes")
    return [name.strip() for name in names]


def _moments(net: ForeignNet, asked: Pictures) -> tuple[Moments, str]:
    """Returns mean and deviation of the channels, and a sentence about them."""
    usual, whose = net.moments
    moments = []
    for flag, given, default in zip(("mean", "std"), (asked.mean, asked.std), usual, strict=True):
        values = tuple(given) or default
        if len(values) == 1:
            values *= net.channels
        is_wrong = len(values) != net.channels or not all(0 <= x <= 1 for x in values)
        if is_wrong or (flag == "std" and min(values) <= 0):
            raise InputError(
                f"--{flag}: {', '.join(map(str, values))} are not {net.channels} numbers of pixels "
                f"in [0, 1]{', above 0' if flag == 'std' else ''}; the default is "
                f"{', '.join(f'{x:.4g}' for x in default)}"
            )
        moments.append(values)
    text = "mean {}, deviation {}".format(*(_numbers(values) for values in moments))
    by_flag = "as --mean and --std say" if asked.mean or asked.std else whose
    return (moments[0], moments[1]), f"Images are normalized by {text} ({by_flag})."


def _numbers(values: Sequence[float]) -> str:
    return " ".join(f"{x:.4g}" for x in values)


def _inferences(net: ForeignNet) -> tuple[str, ...]:
    """Says what was told from the file."""
    count = net.spec.head.num_classes
    classes = f"{count:,} classes" if count > 1 else ("no head", "one logit")[count]
    if not net.is_inferred:
        return ()
    return (
        f"Names and shapes in the file are those of {net.label}, with {classes}, as "
        f"{net.style} names them.",
    )


def _description(pictures: Sequence[data.UnlabeledImage], folder: str | Path | None) -> str:
    """Says of what images an analysis speaks."""
    if folder:
        return f"{len(pictures):,} images of the folder {folder}"
    whole = [picture.name for picture in pictures if picture.whole]
    return (
        f"scikit-learn’s photographs {' and '.join(whole)}, whole and in "
        f"{len(pictures) - len(whole)} overlapping crops"
    )
