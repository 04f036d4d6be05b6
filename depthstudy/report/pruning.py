"""Nets out of which something was taken: which they are, and what it did to them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

from depthstudy.config import PruneConfig
from depthstudy.records import VariantInfo
from depthstudy.report import palette, tables
from depthstudy.report.tables import Estimate, Study

PARTS = ("weights", "channels", "blocks")
CONTROLS = {
    "none": "",
    "scratch_epochs": "trained anew, equal epochs",
    "scratch_compute": "trained anew, equal compute",
}
_MEASURED = ("weights", "channels")  # parts that have a score; blocks go by their damage
_TOLD = ("distribution", "schedule", "rewind")  # what else sets methods of a part apart


@dataclasses.dataclass(frozen=True)
class Pruned:
    """A net out of which weights, channels or blocks were taken.

    Attributes:
      info: What it is.
      own: What was taken out of it, and how.
      part: Which of ``PARTS``.
      share: How much of them.
      method: What tells it from others of the same part and share, as ``"random"``.
      origin: The nets that it is shown with, as ``"depth 44"``.
    """

    info: VariantInfo
    own: PruneConfig
    part: str
    share: float
    method: str
    origin: str

    @property
    def is_control(self) -> bool:
        """Whether it is trained anew."""
        return self.own.control != "none"


def rest(study: Study) -> Study:
    """Returns a study without its pruned nets, for the sections that are about whole ones."""
    gone = {net.info.name for net in nets(study)}
    left = tuple(info for info in study.info.variants if info.name not in gone)
    return dataclasses.replace(
        study,
        info=dataclasses.replace(study.info, variants=left),
        decomposition=tuple(row for row in study.decomposition if row.variant not in gone),
        matched=tuple(row for row in study.matched if row.variant not in gone),
    )


def nets(study: Study) -> list[Pruned]:
    """Returns the nets that have lost of one part, in the order of the plan; no treated ones."""
    infos = {info.name: info for info in study.info.variants}
    found = []
    for info in study.info.variants:
        own = _own(study, info)
        parts = [part for part in PARTS if getattr(own, part)]
        if info.dense in infos and not info.treatment and len(parts) == 1:
            found.append((info, own, parts[0]))
    told = {
        part: [
            field
            for field in _TOLD
            if len({getattr(own, field) for _, own, other in found if other == part}) > 1
        ]
        for part in PARTS
    }
    origins = _origins([infos[info.dense] for info, _, _ in found])
    return [
        Pruned(
            info, own, part, getattr(own, part), _method(own, part, told[part]), origins[info.dense]
        )
        for info, own, part in found
    ]


def part_methods(found: Sequence[Pruned]) -> dict[str, str]:
    """Returns the methods of pruned nets and their colors, in the order of the study."""
    methods = list(dict.fromkeys(net.method for net in found))
    return {method: palette.group(index) for index, method in enumerate(methods)}


def panels_of(study: Study) -> dict[str, dict[str, list[Pruned]]]:
    """Returns the nets by part and origin, each in the order of the plan."""
    grouped: dict[str, dict[str, list[Pruned]]] = {}
    for part in PARTS:
        for net in nets(study):
            if net.part == part:
                grouped.setdefault(part, {}).setdefault(net.origin, []).append(net)
    return grouped


def dense_of(study: Study, found: Sequence[Pruned]) -> str:
    """Returns the name of the dense net that most of these start from, of equal ones the first."""
    names = [net.info.dense for net in found]
    return max(dict.fromkeys(names), key=names.count)


def difference(study: Study, name: str, other: str, metric: str = "test_error") -> Estimate:
    """Returns a metric of one variant minus that of another, over the seeds that they share."""
    table = study.summary.pivot_table(index="seed", columns="variant", values=metric)
    if name not in table or other not in table:
        return tables.estimate([])
    return tables.estimate(table[name] - table[other])


def step_seconds(study: Study, name: str) -> Estimate:
    """Returns how long a training step of a variant took, over its seeds."""
    table = study.measurements
    times = table[(table["probe"] == "run") & (table["metric"] == "train_seconds")]
    times = times[(times["variant"] == name) & (times["step"] > 0)]
    last = times.sort_values("step").groupby("seed").last()
    return tables.estimate(last["value"] / last["step"])


def ratio(numerator: Estimate, denominator: Estimate) -> float:
    """Returns the ratio of two means; NaN where there is none."""
    return numerator.mean / denominator.mean if denominator.mean else math.nan


def densities(study: Study, name: str) -> dict[str, float]:
    """Returns the share of weights that is left in each layer, from first to last, over seeds."""
    table = study.measurements
    mine = table[(table["probe"] == "density") & (table["metric"] == "density")]
    mine = mine[(mine["variant"] == name) & (mine["layer"] != "")]
    means = mine.groupby("layer", sort=False)["value"].mean()
    return {str(layer): float(value) for layer, value in means.items()}


def _own(study: Study, info: VariantInfo) -> PruneConfig:
    """Returns what was pruned of a variant; what a later version adds is left out."""
    settings: Mapping[str, Any] = {
        **(study.info.config.get("prune") or {}),
        **{k[6:]: v for k, v in info.settings.items() if k.startswith("prune.")},
    }
    known = {field.name for field in dataclasses.fields(PruneConfig)}
    return PruneConfig(**{k: v for k, v in settings.items() if k in known})


def _method(own: PruneConfig, part: str, told: Sequence[str]) -> str:
    score = own.score.replace("_", " ") if part in _MEASURED else "least damage"
    usual = PruneConfig()
    more = [
        getattr(own, field).replace("_", " ")
        for field in told
        if getattr(own, field) != getattr(usual, field)
    ]
    kind = f"{score} ({', '.join(more)})" if more else score
    return ", ".join(filter(None, [kind, CONTROLS[own.control]]))


def _origins(dense: Sequence[VariantInfo]) -> dict[str, str]:
    """Returns what nets that start from these are shown with: a depth, if that says enough."""
    kinds = {
        info.name: tuple(
            (field, value)
            for field, value in info.settings.items()
            if field.startswith(("model.", "data.")) and value is not None
        )
        for info in dense
    }
    depths = {info.name: info.depth for info in dense}
    alone = len(set(kinds.values())) == len(set(depths.values()))
    return {
        name: f"depth {depths[name]}"
        if alone
        else ", ".join(f"{field.rpartition('.')[2]} {value}" for field, value in kind)
        for name, kind in kinds.items()
    }
