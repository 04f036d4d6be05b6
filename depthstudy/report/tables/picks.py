"""Picks from the tables of a study what sections show."""

from __future__ import annotations

import base64
import dataclasses
import math
from collections.abc import Sequence

import pandas as pd

from depthstudy import records, store
from depthstudy.report.tables.study import Study
from depthstudy.report.text import formats


@dataclasses.dataclass(frozen=True)
class Divergence:
    """How many runs of a variant diverged, and the first step at which one did."""

    runs: int
    first: int


def whole_nets(study: Study) -> Study:
    """Returns a study without its pruned nets, for the sections that are about whole ones."""
    pruned = {net.variant for net in study.pruning}
    left = [info for info in study.info.variants if info.name not in pruned]
    return dataclasses.replace(
        _only(study, left),
        decomposition=tuple(row for row in study.decomposition if row.variant not in pruned),
        matched=tuple(row for row in study.matched if row.variant not in pruned),
    )


def shown(study: Study) -> Study:
    """Returns the whole nets of a study, groups that have the runs of others shown once."""
    whole = whole_nets(study)
    hidden = set(copies(whole.info))
    return _only(whole, [info for info in whole.info.variants if info.group not in hidden])


def untreated(study: Study) -> Study:
    """Returns the nets of a study that have no treatment."""
    return _only(study, [info for info in study.info.variants if not info.treatment])


def _only(study: Study, variants: Sequence[records.VariantInfo]) -> Study:
    return dataclasses.replace(
        study, info=dataclasses.replace(study.info, variants=tuple(variants))
    )


def copies(info: records.StudyInfo) -> dict[str, str]:
    """Returns the groups whose variants all have the runs of another group's, and that group."""
    group_of = {variant.name: variant.group for variant in info.variants}
    origin_of = {}
    for name, rows in groups(info).items():
        origins = {group_of.get(row.same_as, "") for row in rows}
        if len(origins) == 1 and "" not in origins and name not in origins:
            origin_of[name] = origins.pop()
    return origin_of


def thumbnail(study: Study, place: int) -> str:
    """Returns a test image as a data URI; ``""`` where there is none."""
    path = study.folder / store.MISTAKE_IMAGES / f"{place}.png"
    if not path.exists():
        return ""
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"


def spread(study: Study, variant: str, column: str) -> tuple[int, int]:
    """Returns the least and the greatest of a cost over the runs of a variant."""
    values = study.summary.loc[study.summary["variant"] == variant, column]
    return (int(values.min()), int(values.max())) if len(values) else (0, 0)


def mean(study: Study, variant: str, metric: str) -> records.Mean:
    """Returns the mean of a metric over the seeds of a variant; NaN where there is none."""
    nothing = records.Mean(
        variant=variant, metric=metric, mean=math.nan, low=math.nan, high=math.nan, seeds=0
    )
    return study.means.get((variant, metric), nothing)


def error_estimate(study: Study, variant: str, metric: str) -> str:
    """Returns the mean error of a variant with its interval, as text."""
    estimate = mean(study, variant, metric)
    return formats.percent_estimate(estimate.mean, estimate.low, estimate.high)


def curve(study: Study, probe: str, metric: str) -> pd.DataFrame:
    """Returns the finite values of a metric: columns variant, seed, step, value."""
    table = study.measurements
    chosen = table[(table["probe"] == probe) & (table["metric"] == metric)]
    chosen = chosen[["variant", "seed", "step", "value"]]
    return chosen[chosen["value"].abs() < math.inf].sort_values(["variant", "seed", "step"])


def waiting_share(study: Study) -> float | None:
    """Returns the share of the time of train steps that went into waiting for data, if known."""
    seconds = {
        metric: curve(study, "run", metric).groupby(["variant", "seed"])["value"].last().sum()
        for metric in ("data_seconds", "train_seconds")
    }
    known = not curve(study, "run", "data_seconds").empty and seconds["train_seconds"] > 0
    return float(seconds["data_seconds"] / seconds["train_seconds"]) if known else None


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


def depth_series(info: records.StudyInfo) -> dict[str, list[records.VariantInfo]]:
    """Returns the nets of each group by rising depth, or of each part that is deepened in it."""
    return records.depth_series(info.variants)


def deepens_parts(info: records.StudyInfo, group: str) -> bool:
    """Whether nets of a group are deeper in different parts, so that depth does not name them."""
    return len(records.depth_series([row for row in info.variants if row.group == group])) > 1


def untreated_groups(study: Study) -> set[str]:
    """Returns the groups whose nets have no treatment."""
    return {info.group for info in study.info.variants if not info.treatment}


def untreated_series(study: Study) -> set[str]:
    """Returns the names of the series whose nets have no treatment."""
    series = depth_series(study.info)
    return {name for name, rows in series.items() if not any(row.treatment for row in rows)}


def has_treatments(study: Study) -> bool:
    """Whether a variant of the study is treated."""
    return any(info.treatment for info in study.info.variants)


def has_depths(info: records.StudyInfo) -> bool:
    """Whether depth varies within a group, so that a line over depth means something."""
    return any(len({row.depth for row in rows}) > 1 for rows in groups(info).values())


def label(info: records.StudyInfo, name: str) -> str:
    """Returns ``"depth 56"`` where that names a variant within its group, else its name."""
    variant = next((row for row in info.variants if row.name == name), None)
    if variant is None or deepens_parts(info, variant.group):
        return name
    depths = [row.depth for row in info.variants if row.group == variant.group]
    is_told_by_depth = len(depths) > 1 and depths.count(variant.depth) == 1
    return f"depth {variant.depth}" if is_told_by_depth else name
