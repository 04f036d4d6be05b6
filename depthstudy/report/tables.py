"""Reads the tables of a study and condenses them to what the page shows."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
from scipy import special

from depthstudy import records, store
from depthstudy.errors import InputError

_KINDS = {
    store.RECORDS: records.Record,
    store.SUMMARY: records.Summary,
    store.DECOMPOSITION: records.Decomposition,
    store.VERDICTS: records.Verdict,
}


@dataclasses.dataclass(frozen=True)
class Study:
    """All that a finished study left behind; the tables have the columns of ``records``."""

    info: records.StudyInfo
    measurements: pd.DataFrame
    summary: pd.DataFrame
    decomposition: tuple[records.Decomposition, ...]
    verdicts: tuple[records.Verdict, ...]
    attribution: tuple[records.Attribution, ...]
    recommendation: records.Recommendation | None
    matched: tuple[records.MatchedGap, ...] = ()


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A mean over seeds with half of its 95% t-interval (NaN for a single seed)."""

    mean: float
    half: float
    count: int

    @property
    def low(self) -> float:
        """Lower end of the interval."""
        return self.mean - self.half

    @property
    def high(self) -> float:
        """Upper end of the interval."""
        return self.mean + self.half


@dataclasses.dataclass(frozen=True)
class Divergence:
    """How many runs of a variant diverged, and the first step at which one did."""

    runs: int
    first: int


def read(workdir: Path) -> Study:
    """Reads the study in ``workdir``.

    Raises:
      InputError: A file of a finished study is missing; one that older studies did not write may
        be.
    """
    info = store.read_info(workdir)
    if info is None:
        raise InputError(f"{workdir} holds no finished study: study.json is missing")
    try:
        frames = {name: store.read_table(workdir / name, kind) for name, kind in _KINDS.items()}
    except FileNotFoundError as error:
        missing = Path(error.filename).name
        raise InputError(f"{workdir} holds no finished study: {missing} is missing") from error
    return Study(
        info=info,
        measurements=frames[store.RECORDS],
        summary=frames[store.SUMMARY],
        decomposition=tuple(_rows(frames[store.DECOMPOSITION], records.Decomposition)),
        verdicts=tuple(_rows(frames[store.VERDICTS], records.Verdict)),
        attribution=tuple(_newer(workdir / store.ATTRIBUTION, records.Attribution)),
        recommendation=store.read_recommendation(workdir),
        matched=tuple(_newer(workdir / store.MATCHED, records.MatchedGap)),
    )


def _newer(path: Path, kind: type) -> Iterable[Any]:
    """Returns the rows of a table that older studies did not write."""
    return _rows(store.read_table(path, kind), kind) if path.exists() else ()


def _rows(table: pd.DataFrame, kind: type) -> Iterable[Any]:
    types = {field.name: str(field.type) for field in dataclasses.fields(kind)}
    for values in table[[name for name in types if name in table.columns]].to_dict("records"):
        row = {str(name): value for name, value in values.items()}
        for name, value in row.items():
            if types[name].endswith("| None"):
                row[name] = None if value is None or math.isnan(value) else value
                if types[name].startswith("int") and row[name] is not None:
                    row[name] = int(row[name])
        yield kind(**row)


def estimate(values: Iterable[float]) -> Estimate:
    """Returns the mean of the finite ``values`` and half of its 95% t-interval."""
    finite = [float(value) for value in values if math.isfinite(value)]
    count = len(finite)
    if not count:
        return Estimate(math.nan, math.nan, 0)
    mean = math.fsum(finite) / count
    if count == 1:
        return Estimate(mean, math.nan, 1)
    variance = math.fsum((value - mean) ** 2 for value in finite) / (count - 1)
    half = float(special.stdtrit(count - 1, 0.975)) * math.sqrt(variance / count)
    return Estimate(mean, half, count)


def final(study: Study, variant: str, metric: str) -> Estimate:
    """Returns a column of ``summary.csv`` over the seeds of a variant."""
    return estimate(study.summary.loc[study.summary["variant"] == variant, metric])


def curve(study: Study, probe: str, metric: str) -> pd.DataFrame:
    """Returns the finite values of a metric: columns variant, seed, step, value."""
    table = study.measurements
    chosen = table[(table["probe"] == probe) & (table["metric"] == metric)]
    chosen = chosen[["variant", "seed", "step", "value"]]
    return chosen[chosen["value"].abs() < math.inf].sort_values(["variant", "seed", "step"])


def divergences(study: Study) -> dict[str, Divergence]:
    """Returns the variants of which a run diverged."""
    found = curve(study, "run", "diverged_at_step")
    return {
        str(variant): Divergence(len(rows), int(rows["value"].min()))
        for variant, rows in found.groupby("variant")
    }


def groups(info: records.StudyInfo) -> dict[str, list[records.VariantInfo]]:
    """Returns the variants of each group by rising depth, groups in the order of the plan."""
    found: dict[str, list[records.VariantInfo]] = {}
    for variant in info.variants:
        found.setdefault(variant.group, []).append(variant)
    return {name: sorted(rows, key=lambda row: row.depth) for name, rows in found.items()}


def has_depths(info: records.StudyInfo) -> bool:
    """Whether depth varies within a group, so that a line over depth means something."""
    return any(len({row.depth for row in rows}) > 1 for rows in groups(info).values())


def label(info: records.StudyInfo, name: str) -> str:
    """Returns ``"depth 56"`` where that names a variant within its group, else its name."""
    for rows in groups(info).values():
        depths = [row.depth for row in rows]
        for row in rows:
            if row.name == name and len(depths) > 1 and depths.count(row.depth) == 1:
                return f"depth {row.depth}"
    return name
