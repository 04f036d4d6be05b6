"""Reads the tables of a study, and picks from them what sections show."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from depthstudy import records, store
from depthstudy.errors import InputError
from depthstudy.report.tables.rows import read_rows, rows_of
from depthstudy.report.tables.search import Search
from depthstudy.report.tables.search import read as read_search

_KINDS = {
    store.RECORDS: records.Record,
    store.SUMMARY: records.Summary,
    store.DECOMPOSITION: records.Decomposition,
    store.VERDICTS: records.Verdict,
    store.MEANS: records.Mean,
    store.PARETO: records.ParetoPoint,
    store.PRUNING: records.PrunedNet,
    store.GAINS: records.Gain,
}
_NEW = (store.MEANS, store.PARETO, store.PRUNING, store.GAINS)  # since version 0.2


@dataclasses.dataclass(frozen=True)
class Study:
    """All that a finished study left behind; the tables have the columns of ``records``."""

    info: records.StudyInfo
    measurements: pd.DataFrame
    summary: pd.DataFrame
    means: Mapping[tuple[str, str], records.Mean]
    decomposition: tuple[records.Decomposition, ...]
    verdicts: tuple[records.Verdict, ...]
    attribution: tuple[records.Attribution, ...]
    recommendation: records.Recommendation | None
    pareto: tuple[records.ParetoPoint, ...]
    pruning: tuple[records.PrunedNet, ...]
    gains: tuple[records.Gain, ...]
    matched: tuple[records.MatchedGap, ...] = ()
    tuning: tuple[records.TrialRow, ...] = ()
    budget: tuple[records.BudgetRow, ...] = ()
    robustness: tuple[records.Robustness, ...] = ()
    search: Search | None = None

    @property
    def has_seeds(self) -> bool:
        """Whether there are several seeds, so that there are intervals."""
        return self.info.seeds > 1


@dataclasses.dataclass(frozen=True)
class Divergence:
    """How many runs of a variant diverged, and the first step at which one did."""

    runs: int
    first: int


def read_study(workdir: Path) -> Study:
    """Reads the study in ``workdir``.

    Raises:
      InputError: A file of a finished study is missing; those on treatments and on matched gaps
        may be.
    """
    info = store.read_info(workdir)
    if info is None:
        raise InputError(f"{workdir} holds no finished study: study.json is missing")
    try:
        frames = {name: store.read_table(workdir / name, kind) for name, kind in _KINDS.items()}
    except FileNotFoundError as error:
        missing = Path(error.filename).name
        if missing in _NEW:
            raise InputError(
                f"{workdir} was written by an earlier version, {missing} is missing: run the same "
                "command again (finished runs are not trained again)"
            ) from error
        raise InputError(f"{workdir} holds no finished study: {missing} is missing") from error
    names = {variant.name for variant in info.variants}
    for name in (store.RECORDS, store.SUMMARY):  # nets that only stand in pools are left out
        frames[name] = frames[name][frames[name]["variant"].isin(names)].reset_index(drop=True)
    rows = {name: tuple(rows_of(frames[name], kind)) for name, kind in _KINDS.items()
            if kind not in (records.Record, records.Summary)}  # fmt: skip
    return Study(
        info=info,
        measurements=frames[store.RECORDS],
        summary=frames[store.SUMMARY],
        means={(row.variant, row.metric): row for row in rows[store.MEANS]},
        decomposition=rows[store.DECOMPOSITION],
        verdicts=rows[store.VERDICTS],
        attribution=tuple(read_rows(workdir / store.ATTRIBUTION, records.Attribution)),
        recommendation=store.read_recommendation(workdir),
        pareto=rows[store.PARETO],
        pruning=rows[store.PRUNING],
        gains=rows[store.GAINS],
        matched=tuple(read_rows(workdir / store.MATCHED, records.MatchedGap)),
        tuning=tuple(read_rows(workdir / store.TUNING, records.TrialRow)),
        budget=tuple(read_rows(workdir / store.BUDGET, records.BudgetRow)),
        robustness=tuple(read_rows(workdir / store.ROBUSTNESS, records.Robustness)),
        search=read_search(workdir),
    )


def whole_nets(study: Study) -> Study:
    """Returns a study without its pruned nets, for the sections that are about whole ones."""
    pruned = {net.variant for net in study.pruning}
    left = tuple(info for info in study.info.variants if info.name not in pruned)
    return dataclasses.replace(
        study,
        info=dataclasses.replace(study.info, variants=left),
        decomposition=tuple(row for row in study.decomposition if row.variant not in pruned),
        matched=tuple(row for row in study.matched if row.variant not in pruned),
    )


def mean(study: Study, variant: str, metric: str) -> records.Mean:
    """Returns the mean of a metric over the seeds of a variant; NaN where there is none."""
    nothing = records.Mean(
        variant=variant, metric=metric, mean=math.nan, low=math.nan, high=math.nan, seeds=0
    )
    return study.means.get((variant, metric), nothing)


def curve(study: Study, probe: str, metric: str) -> pd.DataFrame:
    """Returns the finite values of a metric: columns variant, seed, step, value."""
    table = study.measurements
    chosen = table[(table["probe"] == probe) & (table["metric"] == metric)]
    chosen = chosen[["variant", "seed", "step", "value"]]
    return chosen[chosen["value"].abs() < math.inf].sort_values(["variant", "seed", "step"])


def divergences(study: Study) -> dict[str, Divergence]:
    """Returns the variants of which a run diverged."""
    diverged = curve(study, "run", "diverged_at_step")
    return {
        str(variant): Divergence(len(rows), int(rows["value"].min()))
        for variant, rows in diverged.groupby("variant")
    }


def groups(info: records.StudyInfo) -> dict[str, list[records.VariantInfo]]:
    """Returns the variants of each group by rising depth, groups in the order of the plan."""
    variants: dict[str, list[records.VariantInfo]] = {}
    for variant in info.variants:
        variants.setdefault(variant.group, []).append(variant)
    return {name: sorted(rows, key=lambda row: row.depth) for name, rows in variants.items()}


def untreated_groups(study: Study) -> set[str]:
    """Returns the groups whose nets have no treatment."""
    return {info.group for info in study.info.variants if not info.treatment}


def has_treatments(study: Study) -> bool:
    """Whether a variant of the study is treated."""
    return any(info.treatment for info in study.info.variants)


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
