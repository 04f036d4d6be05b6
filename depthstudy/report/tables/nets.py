"""What was measured of a net, and short names of nets and layers."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from depthstudy import records
from depthstudy.records import NOT_APPLICABLE, Metric, find_metric

DELETIONS = ("deletion", "deletion_reestimated")  # without and with batch statistics taken anew


@dataclasses.dataclass(frozen=True)
class MeasuredNet:
    """A net with its measurements: a checkpoint, or a variant of a study with means over seeds.

    Attributes:
      info: Which net it is.
      label: What tells it from the others on the page.
      color: Its color on the page.
      table: Its measurements in their order, with the columns of ``records.Record`` that matter:
        probe, layer, metric, value, low, high.
      metrics: What they mean, by probe.
      cross_probe: Under which probe the first net of an analysis is compared with it.
    """

    info: records.AnalysisRun
    label: str
    color: str
    table: pd.DataFrame
    metrics: Mapping[str, tuple[Metric, ...]]
    cross_probe: str = ""

    def rows(self, probe: str, metric: str) -> dict[str, float]:
        """Returns the values of a metric by layer, in the order in which they were measured."""
        table = self.table
        chosen = table[(table["probe"] == probe) & (table["metric"] == metric)]
        return dict(zip(chosen["layer"], chosen["value"].astype(float), strict=True))

    def intervals(self, probe: str, metric: str) -> dict[str, tuple[float, float]]:
        """Returns the intervals over images of a metric, by layer, where there are any."""
        table = self.table
        chosen = table[(table["probe"] == probe) & (table["metric"] == metric)]
        if "low" not in chosen:  # as an earlier version wrote it
            return {}
        chosen = chosen.dropna(subset=["low", "high"])
        ends = zip(chosen["low"].astype(float), chosen["high"].astype(float), strict=True)
        return dict(zip(chosen["layer"], ends, strict=True))

    def layers(self, probe: str, metric: str) -> dict[str, float]:
        """Returns the same without what is said of the whole net."""
        return {layer: value for layer, value in self.rows(probe, metric).items() if layer}

    def whole(self, probe: str, metric: str) -> float:
        """Returns what is said of the whole net; NaN where nothing is."""
        return self.rows(probe, metric).get("", math.nan)

    def refusal(self, probe: str) -> str:
        """Returns why a probe does not apply to the net, or ``""``."""
        table = self.table
        names = table.loc[(table["probe"] == probe) & (table["layer"] == ""), "metric"]
        reasons = [
            name.removeprefix(NOT_APPLICABLE) for name in names if name.startswith(NOT_APPLICABLE)
        ]
        return reasons[0] if reasons else ""

    def pairs(self, probe: str, metric: str) -> dict[tuple[str, str], float]:
        """Returns the values of a metric of pairs of layers, named as ``"A ~ B"``."""
        values = {}
        for layer, value in self.layers(probe, metric).items():
            first, _, second = layer.partition(" ~ ")
            values[first, second] = value
        return values

    def metric(self, probe: str, name: str, *, per_layer: bool = False) -> Metric:
        """Returns what a metric means; of one that its probe does not declare, its name alone."""
        declared = find_metric(self.metrics.get(probe, ()), name, per_layer=per_layer)
        title = name.replace("_", " ").capitalize()
        return declared or Metric(name=name, title=title, per_layer=per_layer, description="")

    @property
    def deletion(self) -> str:
        """The probe that took out blocks: the plain one, unless only the other was asked for."""
        return next((probe for probe in DELETIONS if probe in self.metrics), DELETIONS[0])

    @property
    def when(self) -> str:
        """When in its training the net was looked at."""
        return "as in the file" if self.info.images else f"at step {self.info.step:,}"

    def border(self) -> str:
        """Returns the path of the border layer, or ``""``."""
        return next(iter(self.layers("field", "border_layer")), "")

    def border_counts(self) -> tuple[int, int] | None:
        """Returns how many convolutions lie past the border, and how many there are."""
        past, convolutions = (
            self.whole("field", name) for name in ("convolutions_past_border", "convolutions")
        )
        return (round(past), round(convolutions)) if math.isfinite(past) else None


def short(path: str) -> str:
    """Returns a path as an axis shows it: ``"1.2 conv1"`` for ``"stage1/block02/conv1"``."""
    parts = re.fullmatch(r"stage(\d+)/block(\d+)(?:/(.+))?", path)
    if not parts:
        return path.partition("/")[0]
    stage, block, rest = parts.groups()
    return f"{stage}.{int(block)}" + (f" {rest.replace('/', ' ')}" if rest else "")


def in_order(paths: Iterable[str]) -> list[str]:
    """Returns paths in the order of the net, by their numbers."""
    return sorted(
        paths,
        key=lambda path: [
            (int(part) if part.isdigit() else -1, part) for part in re.split(r"(\d+)", path)
        ],
    )


def reach(layers: Sequence[str], border: str) -> int | None:
    """Returns the place, from 1, of the border layer or of the block that it is in."""
    for place, layer in enumerate(layers, start=1):
        if border and (border == layer or border.startswith(f"{layer}/")):
            return place
    return None


Pairs = Mapping[tuple[str, str], float]  # a value of two layers


def pair_names(pairs: Pairs) -> list[str]:
    """Returns the layers of pairs, in the order in which they are met."""
    return list(dict.fromkeys([*(a for a, _ in pairs), *(b for _, b in pairs)]))


def pair(pairs: Pairs, a: str, b: str) -> float:
    """Returns the similarity of two layers, in any order; of a layer with itself it is 1."""
    return 1.0 if a == b else pairs.get((a, b), pairs.get((b, a), math.nan))


def longest_alike(matrix: Sequence[Sequence[float]], metric: Metric) -> tuple[int, int]:
    """Returns where the longest run of layers that are all pairwise alike starts and stops."""
    best = (0, 0)
    for start in range(len(matrix)):
        stop = start
        while stop < len(matrix) and all(
            metric.is_beyond(row[stop]) for row in matrix[start : stop + 1]
        ):
            stop += 1
        best = max(best, (start, stop), key=lambda ends: ends[1] - ends[0])
    return best
