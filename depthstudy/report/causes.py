"""Why deeper did worse: for each deep net with an excess, a chart and its sentences."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import altair as alt

from depthstudy.records import Attribution, Decomposition
from depthstudy.report import advice, formats, tables
from depthstudy.report.figures import Panel, Row, chart, digits, tooltip
from depthstudy.report.tables import Study

_SURE, _CHANCE = 0.7, 0.2  # opacity of what is told from chance, and of what is not


@dataclasses.dataclass(frozen=True)
class Cause:
    """A deep net with an excess.

    Attributes:
      finding: What it lost, and what was won back.
      lines: Of each treatment, the name of a color and a sentence.
      panel: The chart, or ``None`` where no treatment changes the net.
    """

    finding: str
    lines: tuple[tuple[str, str], ...]
    panel: Panel | None


def has_treatments(study: Study) -> bool:
    """Whether a variant of the study is treated."""
    return any(info.treatment for info in study.info.variants)


def untreated_groups(study: Study) -> set[str]:
    """Returns the groups whose nets have no treatment."""
    return {info.group for info in study.info.variants if not info.treatment}


def why(study: Study) -> str:
    """Returns the first thing to know of why deeper did worse, or did not."""
    if not has_treatments(study):
        return ""
    return [*(cause.finding for cause in causes(study)), *healthy(study), ""][0]


def causes(study: Study) -> list[Cause]:
    """Returns the untreated nets that are worse than the best depth by more than chance."""
    return [_cause(study, row) for row in _deeper(study) if row.low > 0]


def healthy(study: Study) -> list[str]:
    """Returns a sentence for each untreated group that has nets without an excess."""
    sentences = []
    for group, infos in tables.groups(study.info).items():
        found = [(i, tables.final(study, i.name, "test_error").mean) for i in infos]
        known = [(info, error) for info, error in found if math.isfinite(error)]
        if infos[0].treatment or len(known) < 2:
            continue
        rows = [row for row in _deeper(study) if row.group == group]
        none = [row for row in rows if not row.low > 0]
        best = rows[0].best if rows else known[-1][0].name
        if none or not rows:
            deeper = [tables.label(study.info, row.variant) for row in reversed(none)]
            seeds = min((row.seeds for row in none), default=0)
            label = tables.label(study.info, best)
            sentences.append(advice.no_excess_sentence(group, label, deeper, seeds))
    return sentences


def _deeper(study: Study) -> list[Decomposition]:
    """Returns the excess of each untreated net, the deepest of each group first."""
    untreated = untreated_groups(study)
    rows = [r for r in study.decomposition if r.part == "total" and r.group in untreated]
    groups = list(dict.fromkeys(row.group for row in rows))
    return [row for group in groups for row in reversed(rows) if row.group == group]


def _cause(study: Study, excess: Decomposition) -> Cause:
    deep, best = (tables.label(study.info, name) for name in (excess.variant, excess.best))
    numbers = (excess.effect, excess.low, excess.high)
    lost = advice.excess_sentence(excess.group, deep, best, numbers)
    rows = [row for row in study.attribution if row.variant == excess.variant]
    if not rows:
        return Cause(f"{lost} {advice.untreated_sentence()}", (), None)
    return Cause(
        finding=f"{lost} {advice.credit_sentence(rows)}",
        lines=tuple((_color(row), advice.treatment_sentence(row)) for row in rows),
        panel=cause_panel(
            f"{excess.group}, {deep}", f"Lost to depth (against {best})", excess, rows
        ),
    )


def cause_panel(
    title: str, lost_label: str, excess: Decomposition, rows: Sequence[Attribution]
) -> Panel:
    """Returns the points that each treatment wins back, below those that were lost."""
    bars = [_lost_row(lost_label, excess), *(_won_row(row) for row in rows)]
    whole = [bar for bar in bars if bar["low"] is not None]
    low, high = _domain(bars)
    scale = alt.Scale(domain=[low, high], nice=False)
    fine = ".1f" if high - low < 8 else ".0f"
    axis = alt.Axis(format=fine, tickCount=6, grid=True)
    x = alt.X("points:Q", title="Points of test error, lost and won back", scale=scale, axis=axis)
    order = [bar["label"] for bar in bars]
    two_lines = r"split(replace(datum.label, ' (', '\n('), '\n')"
    labels = alt.Axis(labelColor="var(--ink)", labelLimit=180, labelExpr=two_lines, labelOffset=-7)
    y = alt.Y("label:N", sort=order, title=None, axis=labels, scale=alt.Scale(paddingInner=0.36))
    color = alt.Color("color:N", scale=None, legend=None)
    shown = tooltip(("label", "Treatment"), ("text", "Points"), ("interval", "95% interval"))
    lost = chart([{"lost": bars[0]["points"]}])
    marks = (
        lost.mark_rule(strokeWidth=1.4, strokeDash=[4, 3], color="var(--total)").encode(
            x=alt.X("lost:Q", scale=scale)
        ),
        chart(bars)
        .mark_bar()
        .encode(x=x, y=y, color=color, tooltip=shown, opacity=alt.Opacity("sure:Q", scale=None)),
        chart(whole)
        .mark_rule(strokeWidth=1.4)
        .encode(x=alt.X("low:Q", scale=scale), x2="high:Q", y=y),
        chart([{"zero": 0}]).mark_rule(strokeWidth=1).encode(x=alt.X("zero:Q", scale=scale)),
        chart(bars)
        .mark_text(align="left", dx=7, fontSize=12)
        .encode(x=alt.X("edge:Q", scale=scale), y=y, text="text:N"),
    )
    return Panel(title, marks, 38 * len(bars), 76, tuple(bars))


def _lost_row(label: str, excess: Decomposition) -> dict[str, Any]:
    text = formats.number(100 * excess.effect)
    return _bar(label, "var(--total)", (excess.effect, excess.low, excess.high), text, _SURE)


def _won_row(row: Attribution) -> dict[str, Any]:
    numbers = (row.recovered, row.low, row.high)
    text = formats.number(100 * row.recovered)
    if row.established:
        text = f"{text} ({formats.number(100 * row.share, 0)}%)"
    sure = _SURE if row.established or row.high < 0 else _CHANCE
    return _bar(advice.treatment_label(row), _color(row), numbers, text, sure)


def _bar(
    label: str, color: str, numbers: tuple[float, float, float], text: str, sure: float
) -> dict[str, Any]:
    points, low, high = (100 * value for value in numbers)
    exact = math.isfinite(low) and math.isfinite(high)
    return {
        "label": label,
        "color": color,
        "points": digits(points),
        "low": digits(low),
        "high": digits(high),
        "edge": digits(max(0.0, points, high if exact else 0.0)),
        "text": text,
        "sure": sure,
        "interval": f"{formats.number(low)} to {formats.number(high)}" if exact else formats.DASH,
    }


def _color(row: Attribution) -> str:
    if row.control_of:
        return "var(--muted)"
    return f"var(--{row.mechanism.replace('_', '-')})"


def _domain(bars: Sequence[Row]) -> tuple[float, float]:
    ends = [bar[key] for bar in bars for key in ("points", "low", "high") if bar[key] is not None]
    low, high = min([0.0, *ends]), max([0.0, *ends])
    margin = 0.02 * max(high - low, 1.0)
    return low - margin * (low < 0), high + margin
