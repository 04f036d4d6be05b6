"""Maps of errors: class by depth, and class by class that is said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from depthstudy.records import ClassError, Confusion
from depthstudy.report.charts.panel import ChartPanel, chart, digits, tooltip
from depthstudy.report.text import formats, palette

_ROW = 26  # pixels of a class
_PIXELS = 420  # across, in which names stand side by side
_STRONG = 0.65  # share from which text on a cell takes the color of the paper; a step of the map


def class_map(
    title: str, columns: Sequence[tuple[str, str]], rows: Sequence[ClassError]
) -> ChartPanel:
    """Returns the error of each class, a column for each variant.

    Args:
      title: What is shown.
      columns: Name and label of each variant.
      rows: Errors of the classes, in the order in which they are shown from top to bottom.
    """
    labels = dict(columns)
    cells = [
        {
            "class": row.name,
            "net": labels[row.variant],
            "error": digits(row.error),
            "text": formats.whole_percent(row.error),
            "images": row.images,
        }
        for row in rows
        if row.variant in labels
    ]
    tips = tooltip(("class", "Class"), ("net", "Net"), ("text", "Wrong"), ("images", "Images"))
    return _map(title, cells, ("net", None, [label for _, label in columns]), tips)


def confusion_map(rows: Sequence[Confusion], names: Sequence[str]) -> ChartPanel:
    """Returns how often each class is taken for each, as a share of the images of the class."""
    known = {(row.name, row.predicted): row for row in rows}
    cells = [
        {
            "class": name,
            "said": predicted,
            "error": digits(row.share if name != predicted else 0.0),
            "text": formats.number(row.images, 0 if row.images >= 1 else 1),
            "images": digits(row.images),
        }
        for name in names
        for predicted in names
        if (row := known.get((name, predicted))) is not None
    ]
    tips = tooltip(("class", "Is"), ("said", "Said"), ("images", "Images"))
    title = f"What {rows[0].variant} says of each class"
    return _map(title, cells, ("said", "Said", list(names)), tips)


def _map(
    title: str,
    cells: Sequence[dict[str, Any]],
    across: tuple[str, str | None, list[str]],
    tips: Sequence[alt.Tooltip],
) -> ChartPanel:
    field, name, order = across
    classes = list(dict.fromkeys(cell["class"] for cell in cells))
    axis: dict[str, Any] = {"domain": False, "ticks": False, "labelLimit": 150}
    turned = -40 if 7 * max(map(len, order)) * len(order) > _PIXELS else 0
    x = alt.X(
        f"{field}:N",
        sort=order,
        title=name,
        axis=alt.Axis(labelAngle=turned, orient="top", **axis),
    )
    y = alt.Y("class:N", sort=classes, title=None, axis=alt.Axis(**axis))
    top = max([0.05, *(cell["error"] for cell in cells)])
    scale = alt.Scale(type="quantize", domain=[0, top], range=palette.heat())
    color = alt.Color("error:Q", legend=None, scale=scale)
    ink = alt.condition(
        f"datum.error >= {_STRONG * top}", alt.value("var(--paper)"), alt.value("var(--ink)")
    )
    marks = (
        chart(cells).mark_rect(strokeWidth=0).encode(x=x, y=y, color=color, tooltip=list(tips)),
        chart(cells).mark_text(fontSize=11).encode(x=x, y=y, text="text:N", color=ink),
    )
    return ChartPanel(title, marks, _ROW * len(classes) + (60 if turned else 20), 0, tuple(cells))
