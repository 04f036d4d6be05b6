"""What a study was: its variants, and what ran it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from depthstudy.records.metric import Metric

# The fields that say how deep a net is, or a part of it: nets of a group may differ in them.
DEPTH_FIELDS = (
    "model.depth",
    "model.options.depth",
    "model.depth_multiplier",
    "model.cells",
    "model.head_repeats",
)
OWN_SETTINGS = "own_settings"  # the treatment that gives a net what was tuned for it
LONGER = "longer"  # begins the names of treatments that train longer, and the factor ends them


def factor_of(treatment: str) -> int | None:
    """Returns the factor of a longer training by its treatment's name; ``None`` of another's.

    >>> factor_of("longer16"), factor_of("longer"), factor_of("own_settings")
    (16, None, None)
    """
    factor = treatment.removeprefix(LONGER)
    return int(factor) if treatment.startswith(LONGER) and factor.isdecimal() else None


@dataclasses.dataclass(frozen=True, kw_only=True)
class VariantInfo:
    """A variant as the report needs it: how it differs from the others, and what it costs.

    Attributes:
      name: Name of the variant, as in every table.
      group: Its settings but for depth, as ``"plain"`` or ``"plain + residual"`` if it is treated;
        variants of a group differ in depth only.
      settings: The fields in which the variants of the study differ, and their values here.
      depth: Weight layers on the longest path.
      parameters: Trained numbers.
      macs: Multiply-accumulates for one image.
      activations: Outputs of all convolutions and dense layers for one image.
      receptive_field: Side, in pixels of the input, of what one last feature sees; ``None`` where
        it is unknown.
      image_shape: Height, width and channels of the input.
      steps: Training steps of one run.
      treatment: Name of the treatment that it has on top, or ``""``.
      untreated: Name of the variant without the treatment, or ``""``.
      dense: Name of the variant from whose trained nets its own start, or ``""``.
      same_as: Name of a variant that is the same net, trained alike, and has the runs of both.
      epoch_steps: Steps in which it sees each train image once; 0 from an earlier version.
      images_seen: Images that one run sees in training, each as often as it is seen, those of the
        dense net that it starts from included; 0 before it has runs.
      training_macs: Multiply-accumulates of all that, three times those of an image for each, as
        a step goes forward once and backward with twice the work; 0 before it has runs.
    """

    name: str
    group: str
    settings: dict[str, Any]
    depth: int
    parameters: int
    macs: int
    activations: int
    receptive_field: int | None
    image_shape: tuple[int, int, int]
    steps: int
    treatment: str = ""
    untreated: str = ""
    dense: str = ""
    same_as: str = ""
    epoch_steps: float = 0.0
    images_seen: int = 0
    training_macs: int = 0

    @property
    def has_own_settings(self) -> bool:
        """Whether it is another variant with the settings that were tuned for it."""
        return self.treatment == OWN_SETTINGS

    @property
    def trained_longer(self) -> bool:
        """Whether it is another variant, trained longer as that one did not fit."""
        return self.longer_factor is not None

    @property
    def longer_factor(self) -> int | None:
        """How many times as long it is trained as that one, or ``None``."""
        return factor_of(self.treatment) if self.untreated else None

    @property
    def parts(self) -> dict[str, float]:
        """How deep its parts are, by field, so far as variants of the study differ in it."""
        values = {field: self.settings.get(field) for field in DEPTH_FIELDS}
        return {field: v for field, v in values.items() if isinstance(v, int | float)}

    def deepens(self, other: VariantInfo) -> bool:
        """Whether it is a deeper net of the same group, and shallower in none of its parts."""
        return self.group == other.group and self.depth > other.depth and _within(other, self)


def depth_series(infos: Sequence[VariantInfo]) -> dict[str, list[VariantInfo]]:
    """Returns the nets of each group by rising depth; where parts differ, those of each part.

    A group is one series, named as it, unless its nets are deeper in different parts, as one
    detector in its backbone and one in its heads. Then each net that no other deepens has a series
    of those that it deepens, and a net that several deepen stands in each of theirs. It is named
    by the parts: ``"detector (cells 1 to 4)"``.
    """
    groups: dict[str, list[VariantInfo]] = {}
    for info in infos:
        groups.setdefault(info.group, []).append(info)
    series_by_name: dict[str, list[VariantInfo]] = {}
    for group, members in groups.items():
        ordered = sorted(members, key=lambda info: info.depth)
        deepest = [
            info
            for place, info in enumerate(ordered)
            if not any(_within(info, deeper) for deeper in ordered[place + 1 :])
        ]
        for top in sorted(deepest, key=members.index):
            series = [info for info in ordered if _within(info, top)]
            name = group if len(deepest) == 1 else f"{group} ({_span(series[0], top)})"
            series_by_name[name if name not in series_by_name else f"{name}, {top.name}"] = series
    return series_by_name


def _within(info: VariantInfo, deeper: VariantInfo) -> bool:
    """Whether no part of a net is deeper than that of another."""
    return all(value <= deeper.parts.get(field, value) for field, value in info.parts.items())


def _span(least: VariantInfo, top: VariantInfo) -> str:
    """Returns the parts in which two nets differ: ``"cells 1 to 4"``; a name where in none."""
    spans = [
        f"{field.rpartition('.')[2].replace('_', ' ')} {least.parts[field]} to {value}"
        for field, value in top.parts.items()
        if least.parts.get(field, value) != value
    ]
    return ", ".join(spans) or top.name


@dataclasses.dataclass(frozen=True, kw_only=True)
class StudyInfo:
    """What was run, on what and in what time: the content of ``study.json``.

    Attributes:
      name: Name of the study.
      command: The command line that ran it.
      config: The whole config as nested plain values.
      seeds: Number of seeds of each variant.
      variants: All variants, in the order of the plan.
      versions: Name of a package to its version.
      hardware: For example ``{"platform": "cpu", "devices": "1", "machine": "x86_64, 2 cores"}``.
      seconds: Wall time by part: ``"compile"``, ``"train"``, ``"evaluate"``, ``"total"``; but for
        the total, times of processes are added up.
      finished: ISO time at which the last run ended.
      processes: In how many processes it was trained, at most.
      metrics: What the metrics of ``records.csv`` mean, by probe; empty where an earlier version
        wrote the file.
      probe_titles: A heading for each of these probes.
      partial: How many runs of how many are done, as ``"3 of 18"``; ``""`` of a finished study.
      files: SHA-256 of the tables beside it, by name; empty where an earlier version wrote it.
      damaged: Names of the files that were damaged, and made again, by run.
      looks: The numbers of seeds at which verdicts were looked for, and the level of each; empty
        where it was looked once, at the whole level.
    """

    name: str
    command: str
    config: dict[str, Any]
    seeds: int
    variants: tuple[VariantInfo, ...]
    versions: dict[str, str]
    hardware: dict[str, str]
    seconds: dict[str, float]
    finished: str
    processes: int = 1
    metrics: dict[str, tuple[Metric, ...]] = dataclasses.field(default_factory=dict)
    probe_titles: dict[str, str] = dataclasses.field(default_factory=dict)
    partial: str = ""
    files: dict[str, str] = dataclasses.field(default_factory=dict, compare=False)
    damaged: dict[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    looks: tuple[tuple[int, float], ...] = ()
