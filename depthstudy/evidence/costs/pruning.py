"""What pruning did to nets: their error, against the dense net and training anew, size and time."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import pandas as pd

from depthstudy import stats
from depthstudy.config import PruneConfig
from depthstudy.evidence.baseline import Baselines, no_better
from depthstudy.evidence.image_counts import ImageCounts
from depthstudy.evidence.panel import LEAST_SEEDS, ErrorsByVariant, RunPanel, measure
from depthstudy.records import PrunedNet, Record, VariantInfo

Part = Literal["weights", "channels", "blocks"]

HARMLESS = 0.01  # test error that may be lost for nothing to be lost
_PARTS: tuple[Part, ...] = ("weights", "channels", "blocks")
_SCORED = ("weights", "channels")  # parts that have a score; blocks go by their damage
_TELLING = ("distribution", "schedule", "rewind")  # what else may set methods of a part apart


@dataclasses.dataclass(frozen=True)
class _Pruned:
    info: VariantInfo
    dense: VariantInfo
    config: PruneConfig
    part: Part

    @property
    def share(self) -> float:
        return float(getattr(self.config, self.part))


def compare(
    summary: pd.DataFrame,
    rows: Iterable[Record],
    infos: Sequence[VariantInfo],
    configs: Mapping[str, PruneConfig],
    *,
    predictions: ErrorsByVariant | None = None,
    images: ImageCounts | None = None,
    budgets: Mapping[str, float] | None = None,
    baselines: Baselines | None = None,
) -> list[PrunedNet]:
    """Returns what was lost and saved by each net that lost weights, channels or blocks.

    Nets that have lost of several parts, and treated ones, are left out.

    Args:
      summary: Finished runs, with the columns of ``records.Summary``; errors are fractions.
      rows: What was measured in training; ``run.train_seconds`` gives the time of a step.
      infos: The variants.
      configs: Name of a variant to what was pruned of it.
      predictions: Name of a variant to whether each of its runs errs on each test image.
      images: Name of an error to the number of images that it is counted on.
      budgets: Name of a variant to how many images one of its runs has seen.
      baselines: Error of always naming the largest class, where it is known. A dense net that is no
        better has nothing to lose, and nothing that is taken out of it is called harmless.

    Returns:
      A row for each net, in the order of ``infos``.

    Raises:
      InputError: An error in ``summary`` is not finite, or a run stands in it twice.
    """
    tests = measure(summary, "test_error", predictions=predictions, images=images)
    nets = _nets(infos, configs)
    telling = {part: _telling(part, nets) for part in _PARTS}
    origins = _origins([net.dense for net in nets])
    seconds = _step_seconds(rows)
    compared = [
        _row(net, _method(net, telling[net.part]), origins[net.dense.name], tests, seconds)
        for net in nets
    ]
    constant = no_better(summary, "test_error", baselines, images)
    harmless = _harmless([row for row in compared if row.dense not in constant])
    return [
        dataclasses.replace(
            row,
            harmless=row.variant in harmless,
            budget_ratio=_budget_ratio(row, budgets or {}),
            **_tuned(net, row, nets, compared, tests),
        )
        for net, row in zip(nets, compared, strict=True)
    ]


def _nets(infos: Sequence[VariantInfo], configs: Mapping[str, PruneConfig]) -> list[_Pruned]:
    by_name = {info.name: info for info in infos}
    nets = []
    for info in infos:
        config = configs[info.name]
        parts = [part for part in _PARTS if getattr(config, part)]
        if info.dense in by_name and not info.treatment and len(parts) == 1:
            nets.append(_Pruned(info, by_name[info.dense], config, parts[0]))
    return nets


def _telling(part: Part, nets: Sequence[_Pruned]) -> list[str]:
    """Returns the fields in which nets that lost of one part differ."""
    configs = [net.config for net in nets if net.part == part]
    return [field for field in _TELLING if len({getattr(config, field) for config in configs}) > 1]


def _method(net: _Pruned, telling: Sequence[str]) -> str:
    score = net.config.score.replace("_", " ") if net.part in _SCORED else "least damage"
    usual = PruneConfig()
    more = [
        getattr(net.config, field).replace("_", " ")
        for field in telling
        if getattr(net.config, field) != getattr(usual, field)
    ]
    return f"{score} ({', '.join(more)})" if more else score


def _origins(dense: Sequence[VariantInfo]) -> dict[str, str]:
    """Returns what tells dense nets apart: their depth, where that says enough."""
    kinds = {
        info.name: tuple(
            (field, value)
            for field, value in info.settings.items()
            if field.startswith(("model.", "data.")) and value is not None
        )
        for info in dense
    }
    depths = {info.name: info.depth for info in dense}
    enough = len(set(kinds.values())) == len(set(depths.values()))
    return {
        name: f"depth {depths[name]}"
        if enough
        else ", ".join(f"{field.rpartition('.')[2]} {value}" for field, value in kind)
        for name, kind in kinds.items()
    }


def _row(
    net: _Pruned,
    method: str,
    origin: str,
    tests: RunPanel,
    seconds: Mapping[str, float],
) -> PrunedNet:
    info, dense = net.info, net.dense
    change = _difference(tests, info.name, dense.name)
    time, dense_time = (seconds.get(name, math.nan) for name in (info.name, dense.name))
    left = 1 - net.share if net.part == "weights" else info.parameters / dense.parameters
    return PrunedNet(
        variant=info.name,
        dense=dense.name,
        origin=origin,
        part=net.part,
        share=net.share,
        method=method,
        control=net.config.control,
        weights_left=left,
        macs_left=info.macs / dense.macs,
        step_time=time / dense_time if dense_time else math.nan,
        change=change.mean,
        change_low=change.low,
        change_high=change.high,
        seeds=change.seeds,
        harmless=False,
    )


def _budget_ratio(row: PrunedNet, budgets: Mapping[str, float]) -> float | None:
    budget, dense_budget = budgets.get(row.variant), budgets.get(row.dense)
    return budget / dense_budget if budget and dense_budget else None


def _harmless(rows: Sequence[PrunedNet]) -> set[str]:
    """Returns the nets up to which each method is shown to take out more for next to nothing."""
    methods: dict[tuple[str, ...], list[PrunedNet]] = {}
    for row in rows:
        methods.setdefault((row.origin, row.part, row.method, row.control), []).append(row)
    names = set()
    for method_rows in methods.values():
        for row in sorted(method_rows, key=lambda row: row.share):
            if row.seeds < LEAST_SEEDS or not row.change_high < HARMLESS:
                break
            names.add(row.variant)
    return names


def _tuned(
    net: _Pruned,
    row: PrunedNet,
    nets: Sequence[_Pruned],
    rows: Sequence[PrunedNet],
    tests: RunPanel,
) -> dict[str, Any]:
    """Returns what a net that was trained on, of the shape of this control, errs more."""
    if not row.is_trained_anew:
        return {}
    shape = _shape(net, row.origin)
    for other, other_row in zip(nets, rows, strict=True):
        if not other_row.is_trained_anew and _shape(other, other_row.origin) == shape:
            change = _difference(tests, other.info.name, net.info.name)
            return {
                "tuned": other.info.name,
                "tuned_change": change.mean,
                "tuned_low": change.low,
                "tuned_high": change.high,
            }
    return {}


def _shape(net: _Pruned, origin: str) -> tuple[object, ...]:
    config = dataclasses.replace(net.config, control="none", fine_tune_rate=None)
    return net.part, origin, net.dense.name, config


def _difference(tests: RunPanel, name: str, other: str) -> stats.Estimate:
    """Returns the test error of one variant minus that of another, over the seeds they share."""
    if not {name, other} <= tests.arms.keys():
        return stats.interval([])
    return tests.paired(name, other)


def _step_seconds(rows: Iterable[Record]) -> dict[str, float]:
    """Returns the mean time of a training step of each variant."""
    last: dict[tuple[str, int], Record] = {}
    for row in rows:
        if row.probe == "run" and row.metric == "train_seconds" and row.step > 0:
            key = (row.variant, row.seed)
            if key not in last or row.step >= last[key].step:
                last[key] = row
    times: dict[str, list[float]] = {}
    for (variant, _), row in last.items():
        times.setdefault(variant, []).append(row.value / row.step)
    return {variant: stats.interval(seconds).mean for variant, seconds in times.items()}
