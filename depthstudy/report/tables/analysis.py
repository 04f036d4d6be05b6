"""Reads the tables of an analysis."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from depthstudy import records, store
from depthstudy.errors import InputError
from depthstudy.report.tables.nets import MeasuredNet
from depthstudy.report.text import palette

_KEY = ("study", "variant", "seed", "step")


@dataclasses.dataclass(frozen=True)
class Analysis:
    """All that an analysis left behind, with the probabilities of classes where it has them."""

    info: records.AnalysisInfo
    nets: tuple[MeasuredNet, ...]
    predictions: pd.DataFrame | None = None

    @property
    def are_several(self) -> bool:
        """Whether there are several nets, so that their names and colors have to be told."""
        return len(self.nets) > 1

    def asked(self, *probes: str) -> bool:
        """Whether one of these probes was asked for."""
        return any(probe in self.info.probes for probe in probes)


def read_analysis(folder: Path) -> Analysis:
    """Reads ``analysis.json``, ``analysis.csv`` and, for weights from elsewhere, the predictions.

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
    if info.probes and not info.metrics:
        raise InputError(f"{folder} was written by an earlier version: run the same command again")
    keys = [_key(run) for run in info.runs]
    places = [
        _rows_of(table, key, keys[:index].count(key), keys.count(key))
        for index, key in enumerate(keys)
    ]
    return Analysis(
        info,
        tuple(
            MeasuredNet(run, label, palette.group(index), rows, info.metrics, cross_probe)
            for index, (run, label, rows, cross_probe) in enumerate(
                zip(
                    info.runs,
                    labels(info.runs),
                    places,
                    records.cross_probes(info.runs),
                    strict=True,
                )
            )
        ),
        store.read_table(folder / store.PREDICTIONS, records.Prediction)
        if any(run.images for run in info.runs)
        else None,
    )


def _key(run: records.AnalysisRun) -> tuple[Any, ...]:
    return tuple(getattr(run, name) for name in _KEY)


def _rows_of(table: pd.DataFrame, key: tuple[Any, ...], copy: int, copies: int) -> pd.DataFrame:
    """Returns the rows of a run; of runs with one key, the n-th owns the n-th of equal rows."""
    for name, value in zip(_KEY, key, strict=True):
        table = table[table[name] == value]
    if copies > 1:
        table = table[table.groupby(["probe", "layer", "metric"]).cumcount() == copy]
    return table


def _name(run: records.AnalysisRun) -> str:
    return records.in_words(run.variant)


def labels(runs: Sequence[records.AnalysisRun]) -> list[str]:
    """Returns the variant of each run, with as much more as it takes to tell runs apart."""
    ways = (
        _name,
        lambda run: f"{_name(run)}, seed {run.seed}",
        lambda run: f"{_name(run)}, seed {run.seed}, step {run.step:,}",
        lambda run: f"{run.study}: {_name(run)}, seed {run.seed}, step {run.step:,}",
    )
    for way in ways:
        names = [way(run) for run in runs]
        if len(set(names)) == len(names):
            return names
    return [f"{run.folder}, step {run.step:,}" for run in runs]
