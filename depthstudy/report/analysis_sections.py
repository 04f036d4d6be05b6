"""Which charts an analysis shows of each probe: one for all runs where they share their layers."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence

from depthstudy.report import formats
from depthstudy.report.analysis_charts import Line, Scale, profile
from depthstudy.report.analysis_maps import heat
from depthstudy.report.analysis_runs import Analysis, Run, cross_probe
from depthstudy.report.analysis_words import Pairs, pair, pair_names
from depthstudy.report.figures import Panel, error_top

_GRADIENTS = {
    "gradient_norm": "Gradient of each layer’s weights",
    "output_gradient_norm": "Gradient carried back through each block",
}
_ALONG = (
    ("linear", "probe_accuracy", "Accuracy of a linear classifier", formats.percent),
    ("rank", "saturation", "Saturation: share of directions in use", formats.percent),
    ("rank", "effective_rank", "Effective rank: directions in use", "{:.1f}".format),
    ("rank", "dead_share", "Filters that never fire", formats.percent),
)


def gradient_panels(analysis: Analysis) -> list[Panel]:
    """Returns gradient norms along depth, before and after training."""
    panels = []
    for metric, title in _GRADIENTS.items():
        lines = [
            Line(f"{run.label}{when}", run.color, positive(run, f"{metric}{suffix}"), faint)
            for run in analysis.runs
            for suffix, when, faint in (
                ("_initial", " at initialization", True),
                ("", f" at step {run.info.step:,}", False),
            )
        ]
        panels += _shared(title, analysis, lines, log_scale, "{:.2g}".format, height=230)
    return panels


def positive(run: Run, metric: str) -> dict[str, float]:
    """Returns a metric of a logarithmic axis, on which there is no 0."""
    found = run.layers("gradients", metric)
    return {layer: value if value > 0 else math.nan for layer, value in found.items()}


def layer_panels(analysis: Analysis) -> list[Panel]:
    """Returns linear probe, saturation, rank and dead filters along depth."""
    panels = []
    for probe, metric, title, say in _ALONG:
        lines = [
            Line(run.label, run.color, run.layers(probe, metric), border=run.border())
            for run in analysis.runs
        ]
        scale = _count_scale if metric == "effective_rank" else share_scale
        panels += _shared(title, analysis, lines, scale, say)
    return panels


def same_field(analysis: Analysis) -> bool:
    """Whether several nets have one and the same receptive field in every layer."""
    fields = [run.layers("field", "receptive_field") for run in analysis.runs]
    return len(fields) > 1 and all(field == fields[0] for field in fields)


def field_panels(analysis: Analysis) -> list[Panel]:
    """Returns the receptive field along depth against the side of the image."""
    lines = [
        Line(run.label, run.color, run.layers("field", "receptive_field"), border=run.border())
        for run in analysis.runs
    ]
    if same_field(analysis):
        names = formats.listing([line.label for line in lines])
        lines = [dataclasses.replace(lines[0], label=names, color="var(--ink)")]
    sides = {max(run.info.image_shape[:2]) for run in analysis.runs}
    side = float(max(sides))
    level = (side, f"side of the image: {side:,.0f} px") if len(sides) == 1 else None

    def scale(values: Sequence[float]) -> Scale:
        ends = [*values, side]
        return Scale(min(ends) / 1.15, max(ends) * 1.15, "d", log=2)

    return _shared(
        "Receptive field in pixels",
        analysis,
        lines,
        scale,
        "{:,.0f} px".format,
        height=230,
        level=level,
    )


def _shared(
    title: str,
    analysis: Analysis,
    lines: Sequence[Line],
    scale: Callable[[Sequence[float]], Scale],
    say: Callable[[float], str],
    *,
    height: int = 150,
    level: tuple[float, str] | None = None,
) -> list[Panel]:
    """Returns one chart of all lines, or one a run, on one scale, where their layers differ."""
    lines = [line for line in lines if line.values]
    values = [v for line in lines for v in line.values.values() if math.isfinite(v)]
    if not values:
        return []
    found = scale(values)
    if len({tuple(line.values) for line in lines}) == 1:
        return [profile(title, lines, found, say, height=height, level=level)]
    return [
        profile(f"{title}: {run.label}", mine, found, say, height=height, level=level)
        for run in analysis.runs
        if (mine := [line for line in lines if line.color == run.color])
    ]


def log_scale(values: Sequence[float]) -> Scale:
    """Returns a logarithmic axis that holds the values."""
    low, high = min(values), max(values)
    wide = high > 10 * low
    return Scale(
        low / 1.5, high * 1.5, "~e" if low < 1e-3 or high >= 1e4 else "~g", 10 if wide else 2
    )


def share_scale(values: Sequence[float]) -> Scale:
    """Returns an axis from 0 that holds the values, which are shares."""
    top = error_top(values)
    return Scale(0.0, top, ".0%" if top > 0.05 else ".1%")


def _count_scale(values: Sequence[float]) -> Scale:
    top = max([1.0, *values]) * 1.04
    return Scale(0.0, top, ",d" if top > 5 else ".1f")


def likeness_panels(analysis: Analysis) -> list[Panel]:
    """Returns a map of all pairs of blocks for each net, and of the first with each other one."""
    many = len(analysis.runs) > 1
    panels = []
    for run in analysis.runs:
        if run.pairs("cka", "cka"):
            panels.append(likeness_map(run.label if many else "All pairs of blocks", run))
    first = analysis.runs[0]
    for other in analysis.runs[1:]:
        pairs = first.pairs(cross_probe(other), "cross_cka")
        if pairs:
            names, others = ([*dict.fromkeys(side)] for side in zip(*pairs, strict=True))
            title = f"{first.label} against {other.label}"
            axes = (first.label, other.label)

            def value(row: str, column: str, pairs: Pairs = pairs) -> float:
                return pairs.get((column, row), math.nan)

            panels.append(heat(title, others, names, value, axes))
    return panels


def likeness_map(title: str, run: Run, *, height: int = 330, most: int = 64) -> Panel:
    """Returns the map of how alike all pairs of blocks of a net are."""
    pairs = run.pairs("cka", "cka")
    names = pair_names(pairs)

    def value(row: str, column: str) -> float:
        return pair(pairs, row, column)

    return heat(title, names, names, value, height=height, most=most)
