"""Reads what was measured on checkpoints, a ``Run`` for each, and names runs and layers shortly."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from depthstudy import records, store
from depthstudy.errors import InputError
from depthstudy.report import palette

REFUSED = "not_applicable: "  # how the metric begins by which a probe says that it does not apply
_KEY = ("study", "variant", "seed", "step")


@dataclasses.dataclass(frozen=True)
class Run:
    """One checkpoint with its measurements.

    Attributes:
      info: Which checkpoint it is.
      label: What tells it from the others on the page.
      color: Its color on the page.
      table: Its rows of ``analysis.csv``, in their order.
    """

    info: records.AnalysisRun
    label: str
    color: str
    table: pd.DataFrame

    def rows(self, probe: str, metric: str) -> dict[str, float]:
        """Returns the values of a metric by layer, in the order in which they were measured."""
        table = self.table
        found = table[(table["probe"] == probe) & (table["metric"] == metric)]
        return dict(zip(found["layer"], found["value"].astype(float), strict=True))

    def layers(self, probe: str, metric: str) -> dict[str, float]:
        """Returns the same without what is said of the whole net."""
        return {layer: value for layer, value in self.rows(probe, metric).items() if layer}

    def whole(self, probe: str, metric: str) -> float:
        """Returns what is said of the whole net; NaN where nothing is."""
        return self.rows(probe, metric).get("", math.nan)

    def refusal(self, probe: str) -> str:
        """Returns why a probe does not apply to the net, or ``""``."""
        table = self.table
        mine = table.loc[(table["probe"] == probe) & (table["layer"] == ""), "metric"]
        reasons = [name.removeprefix(REFUSED) for name in mine if name.startswith(REFUSED)]
        return reasons[0] if reasons else ""

    def pairs(self, probe: str, metric: str) -> dict[tuple[str, str], float]:
        """Returns the values of a metric of pairs of layers, named as ``"A ~ B"``."""
        found = {}
        for layer, value in self.layers(probe, metric).items():
            first, _, second = layer.partition(" ~ ")
            found[first, second] = value
        return found

    @property
    def when(self) -> str:
        """When in its training the net was looked at."""
        return "as in the file" if self.info.images else f"at step {self.info.step:,}"

    def border(self) -> str:
        """Returns the path of the border layer, or ``""``."""
        return next(iter(self.layers("field", "border_layer")), "")


@dataclasses.dataclass(frozen=True)
class Analysis:
    """All that an analysis left behind."""

    info: records.AnalysisInfo
    runs: tuple[Run, ...]

    def asked(self, *probes: str) -> bool:
        """Whether one of these probes was asked for."""
        return any(probe in self.info.probes for probe in probes)


def read(folder: Path) -> Analysis:
    """Reads ``analysis.json`` and ``analysis.csv``.

    Raises:
      InputError: One of them is missing.
    """
    info = store.read_analysis_info(folder)
    if info is None:
        raise InputError(f"{folder} holds no analysis: analysis.json is missing")
    try:
        table = store.read_table(folder / store.ANALYSIS, records.Record)
    except FileNotFoundError:
        raise InputError(f"{folder} holds no analysis: {store.ANALYSIS} is missing") from None
    keys = [_key(run) for run in info.runs]
    places = [
        _rows_of(table, key, keys[:index].count(key), keys.count(key))
        for index, key in enumerate(keys)
    ]
    return Analysis(
        info,
        tuple(
            Run(run, label, palette.group(index), rows)
            for index, (run, label, rows) in enumerate(
                zip(info.runs, labels(info.runs), places, strict=True)
            )
        ),
    )


def _key(run: records.AnalysisRun) -> tuple[Any, ...]:
    return tuple(getattr(run, name) for name in _KEY)


def _rows_of(table: pd.DataFrame, key: tuple[Any, ...], copy: int, copies: int) -> pd.DataFrame:
    """Returns the rows of a run; of runs with one key, the n-th owns the n-th of equal rows."""
    mine = table
    for name, value in zip(_KEY, key, strict=True):
        mine = mine[mine[name] == value]
    if copies > 1:
        mine = mine[mine.groupby(["probe", "layer", "metric"]).cumcount() == copy]
    return mine


def labels(runs: Sequence[records.AnalysisRun]) -> list[str]:
    """Returns the variant of each run, with as much more as it takes to tell runs apart."""
    ways = (
        lambda run: run.variant,
        lambda run: f"{run.variant}, seed {run.seed}",
        lambda run: f"{run.variant}, seed {run.seed}, step {run.step:,}",
        lambda run: f"{run.study}: {run.variant}, seed {run.seed}, step {run.step:,}",
    )
    for way in ways:
        found = [way(run) for run in runs]
        if len(set(found)) == len(found):
            return found
    return [f"{run.folder}, step {run.step:,}" for run in runs]


def cross_probe(other: Run) -> str:
    """Returns under which probe the first run is compared with another one."""
    return f"cka with {other.info.variant} seed {other.info.seed}"


def short(path: str) -> str:
    """Returns a path as an axis shows it: ``"1.2 conv1"`` for ``"stage1/block02/conv1"``."""
    found = re.fullmatch(r"stage(\d+)/block(\d+)(?:/(.+))?", path)
    if not found:
        return path.partition("/")[0]
    stage, block, rest = found.groups()
    return f"{stage}.{int(block)}" + (f" {rest.replace('/', ' ')}" if rest else "")


def block_of(path: str) -> str:
    """Returns the path of the block that a layer is in: ``"stage1/block02"``."""
    return "/".join(path.split("/")[:2]) if path.startswith("stage") else path.partition("/")[0]


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
