"""What was analyzed: checkpoints, or weights from elsewhere."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from depthstudy.records.metric import Metric


@dataclasses.dataclass(frozen=True, kw_only=True)
class AnalysisRun:
    """One checkpoint, or file of weights, that was analyzed.

    A file of weights has its path as ``folder``, its name as ``study``, its net as ``variant``, and
    0 as seed and step.

    Attributes:
      folder: The run folder.
      study: Name of its study.
      variant: Name of its variant.
      seed: Its seed.
      step: Step of the checkpoint.
      family: Family of its architecture.
      depth: Weight layers on the longest path.
      image_shape: Height, width and channels of the input.
      images: What was looked at, of a file of weights; ``""`` for a run, which has its own data.
      labeled: Whether the images of a file of weights have labels.
      caveats: What a file of weights told, what was taken, and what it cannot tell.
      damaged: Steps of later checkpoints, which are damaged.
    """

    folder: str
    study: str
    variant: str
    seed: int
    step: int
    family: str
    depth: int
    image_shape: tuple[int, int, int]
    images: str = ""
    labeled: bool = False
    caveats: tuple[str, ...] = ()
    damaged: tuple[int, ...] = ()


def cross_probes(runs: Sequence[AnalysisRun]) -> tuple[str, ...]:
    """Returns under which probe the first run is compared with each; ``""`` for itself.

    Runs of one name, as of several studies, have their place in the analysis beside it.
    """
    names = [f"cka with {run.variant} seed {run.seed}" for run in runs[1:]]
    numbered = [
        f"{name}, run {place}" if names.count(name) > 1 else name
        for place, name in enumerate(names, start=2)
    ]
    return ("", *numbered)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Prediction:
    """What a net says of an image without a label: a row of ``predictions.csv``.

    Attributes:
      image: Name of the image.
      rank: 1 for the class of greatest probability.
      number: The class, counted from 0.
      name: Its name, or its number as text.
      probability: Softmax of the logits.
    """

    image: str
    rank: int
    number: int
    name: str
    probability: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class AnalysisInfo:
    """What was analyzed, and how: the content of ``analysis.json``.

    Attributes:
      command: The command line.
      runs: The checkpoints, in the order in which they were named.
      probes: Name of each probe to its one line.
      seconds: Wall time of each probe over all runs.
      versions: Name of a package to its version.
      hardware: As in ``StudyInfo``.
      metrics: What the metrics of ``analysis.csv`` mean, by probe; empty where an earlier version
        wrote the file.
      probe_titles: A heading for each of these probes.
      files: SHA-256 of the tables beside it, by name; empty where an earlier version wrote it.
    """

    command: str
    runs: tuple[AnalysisRun, ...]
    probes: dict[str, str]
    seconds: dict[str, float]
    versions: dict[str, str]
    hardware: dict[str, str]
    metrics: dict[str, tuple[Metric, ...]] = dataclasses.field(default_factory=dict)
    probe_titles: dict[str, str] = dataclasses.field(default_factory=dict)
    files: dict[str, str] = dataclasses.field(default_factory=dict, compare=False)
