"""Charts of what a net loses without some of its blocks, or with blocks that changed places."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import altair as alt

from depthstudy.records import NOT_APPLICABLE
from depthstudy.report.charts.layers.profile import along, stage_rules
from depthstudy.report.charts.panel import ChartPanel, chart, digits, tooltip
from depthstudy.report.charts.scales import Scale, share_scale
from depthstudy.report.tables.nets import MeasuredNet, in_order
from depthstudy.report.text import formats

PROBES = {"deletion": "as it stands", "deletion_reestimated": "batch statistics taken anew"}
_WAYS = {"deleting": "Several blocks taken out at once", "swapping": "Pairs of blocks swapped"}


def block_panels(nets: Sequence[MeasuredNet]) -> list[ChartPanel]:
    """Returns the test error without each block, a chart for each net that has blocks to spare."""
    charted = [net for net in nets if applies(net)]
    errors = [row["after"] for net in charted for row in _single(net)]
    scale = _scale(errors)
    title = "Test error with one block taken out"
    return [
        _bars(title if len(nets) == 1 else f"{title}: {net.label}", net, scale) for net in charted
    ]


def applies(net: MeasuredNet) -> bool:
    """Whether the net has blocks that can be taken out."""
    return any(net.layers(probe, "error_increase") for probe in PROBES)


def _scale(errors: Sequence[float | None]) -> Scale:
    return share_scale([error for error in errors if error is not None])


def _single(net: MeasuredNet) -> list[dict[str, Any]]:
    rows = []
    for probe, name in PROBES.items():
        before = net.whole(probe, "error")
        intervals = net.intervals(probe, "error_increase")
        for layer, increase in net.layers(probe, "error_increase").items():
            more = f"{formats.signed(increase)} points"
            ends = {}
            if layer in intervals:
                low, high = intervals[layer]
                ends = {"low": digits(before + low), "high": digits(before + high)}
                more += f" ({formats.signed(low)} to {formats.signed(high)})"
            rows.append(
                {
                    "layer": layer,
                    "probe": name,
                    "before": digits(before),
                    "after": digits(before + increase),
                    "text": formats.percent(before + increase),
                    "more": more,
                    **ends,
                }
            )
    return rows


def _bars(title: str, net: MeasuredNet, scale: Scale) -> ChartPanel:
    rows = _single(net)
    stays = fixed(net)
    layers = in_order({row["layer"] for row in rows} | set(stays))
    places = {layer: place for place, layer in enumerate(layers, start=1)}
    rows = [{"at": places[row["layer"]], **row} for row in rows]
    x, after = along(layers, "Blocks, from stem to head"), scale.encode("after")
    tips = tooltip(
        ("layer", "Without"), ("probe", "Statistics"), ("text", "Test error"), ("more", "Change")
    )
    marks: list[alt.Chart] = [*stage_rules(layers, x)]
    room = 380 / max(len(layers), 1)
    for name, share, opacity in zip(PROBES.values(), (0.62, 0.26), (0.32, 1.0), strict=True):
        shown = [row for row in rows if row["probe"] == name]
        if not shown:
            continue
        lone = len({row["probe"] for row in rows}) == 1
        bar = chart(shown).mark_bar(
            size=max(2.0, min(34, share * room)),
            color=net.color,
            opacity=0.75 if lone else opacity,
        )
        marks.append(bar.encode(x=x, y=after, y2="before:Q", tooltip=tips))
    sure = [row for row in rows if "low" in row]
    if sure:
        rule = chart(sure).mark_rule(strokeWidth=1.2, color=net.color, opacity=0.9)
        marks.append(rule.encode(x=x, y=scale.encode("low"), y2="high:Q"))
    marks.append(_before(rows, scale))
    if stays:
        crosses = [
            {"at": places[layer], "layer": layer, "zero": scale.low, "why": why}
            for layer, why in stays.items()
        ]
        cross = chart(crosses).mark_point(
            shape="M-1,-1L1,1M1,-1L-1,1", size=28, strokeWidth=1.6, color="var(--muted)", yOffset=-8
        )
        tips = tooltip(("layer", "Block"), ("why", "Stays"))
        marks.append(cross.encode(x=x, y=scale.encode("zero"), tooltip=tips))
    return ChartPanel(title, tuple(marks), 210, 6, tuple(rows))


def _before(rows: Sequence[dict[str, Any]], scale: Scale) -> alt.Chart:
    """Returns a rule at the error of the whole net."""
    line = [{"before": rows[0]["before"]}]
    rule = chart(line).mark_rule(strokeWidth=1.2, strokeDash=[2, 3])
    return rule.encode(y=scale.encode("before"))


def fixed(net: MeasuredNet) -> dict[str, str]:
    """Returns the blocks that cannot be taken out, with the reason."""
    table = net.table[net.table["probe"].isin(list(PROBES)) & (net.table["layer"] != "")]
    table = table[table["metric"].str.startswith(NOT_APPLICABLE)]
    return {
        layer: metric.removeprefix(NOT_APPLICABLE)
        for layer, metric in zip(table["layer"], table["metric"], strict=True)
    }


def several_panels(nets: Sequence[MeasuredNet]) -> list[ChartPanel]:
    """Returns the test error after deleting or swapping more and more blocks."""
    rows_of = {way: [row for net in nets for row in _several(net, way)] for way in _WAYS}
    scale = _scale([row["error"] for rows in rows_of.values() for row in rows])
    return [_line(_WAYS[way], rows, nets, scale) for way, rows in rows_of.items() if rows]


def _several(net: MeasuredNet, way: str) -> list[dict[str, Any]]:
    rows = []
    for probe, name in PROBES.items():
        before = net.whole(probe, "error")
        singles = list(net.layers(probe, "error_increase").values())
        points = {0: 0.0} if math.isfinite(before) else {}
        if way == "deleting" and singles:
            points[1] = math.fsum(singles) / len(singles)
        for metric in net.table.loc[net.table["probe"] == probe, "metric"]:
            count = re.fullmatch(rf"error_increase_{way}_(\d+)", metric)
            if count:
                points[int(count.group(1))] = net.whole(probe, metric)
        for number, increase in sorted(points.items()) if len(points) > 1 else ():
            rows.append(
                {
                    "count": number,
                    "at": math.log2(number) + 1 if number else 0.0,
                    "run": net.label,
                    "probe": name,
                    "anew": probe != "deletion",
                    "error": digits(before + increase),
                    "text": formats.percent(before + increase),
                }
            )
    return rows


def _line(
    title: str, rows: list[dict[str, Any]], nets: Sequence[MeasuredNet], scale: Scale
) -> ChartPanel:
    counts = sorted({(row["at"], row["count"]) for row in rows})
    axis = alt.Axis(
        values=[at for at, _ in counts],
        labelExpr="datum.value ? round(pow(2, datum.value - 1)) : 0",
        grid=False,
    )
    x = alt.X("at:Q", title="How many", axis=axis, scale=alt.Scale(nice=False))
    y = scale.encode("error")
    color = alt.Color(
        "run:N",
        legend=None,
        scale=alt.Scale(domain=[net.label for net in nets], range=[net.color for net in nets]),
    )
    tips = tooltip(
        ("run", "Net"), ("count", "How many"), ("probe", "Statistics"), ("text", "Test error")
    )
    marks = []
    for anew in (False, True):
        shown = [row for row in rows if row["anew"] == anew]
        if shown:
            faint = not anew and any(row["anew"] for row in rows)
            line = chart(shown).mark_line(strokeWidth=2, opacity=0.45 if faint else 1, point=False)
            dots = chart(shown).mark_circle(size=46, opacity=0.45 if faint else 1)
            marks += [
                line.encode(x=x, y=y, color=color),
                dots.encode(x=x, y=y, color=color, tooltip=tips),
            ]
    return ChartPanel(title, tuple(marks), 150, 6, tuple(rows))
