"""Maps of how alike all pairs of layers are."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from typing import Any

import altair as alt

from depthstudy.report.charts.layers.profile import named
from depthstudy.report.charts.panel import ChartPanel, Row, chart, tooltip
from depthstudy.report.tables.nets import MeasuredNet, pair, pair_names, short
from depthstudy.report.text import palette


def heat(
    title: str,
    rows: Sequence[str],
    columns: Sequence[str],
    values: Callable[[str, str], float],
    axes: tuple[str | None, str | None] = (None, None),
    *,
    height: int = 330,
    most: int = 64,
) -> ChartPanel:
    """Returns a map of how alike each pair of layers is; of many layers, every n-th.

    Args:
      title: What is shown; it is followed by how many layers are, where not all are.
      rows: Layers from bottom to top.
      columns: Layers from left to right.
      values: The CKA of a row with a column.
      axes: Titles of the horizontal and the vertical axis.
      height: Pixels of the map.
      most: How many layers it shows.
    """
    title += _left_out(rows, columns, most)
    rows, columns = _thinned(rows, most), _thinned(columns, most)
    cells: list[Row] = [
        {"x": i, "y": j, "v": round(value, 3)}
        for j, row in enumerate(rows)
        for i, column in enumerate(columns)
        if math.isfinite(value := values(row, column))
    ]
    x, y = _edge(alt.X, "x", columns, axes[0]), _edge(alt.Y, "y", rows, axes[1])
    color = alt.Color(
        "v:Q",
        legend=None,
        scale=alt.Scale(type="quantize", domain=[0, 1], range=palette.heat()),
    )
    tips = tooltip(("column", axes[0] or "Block"), ("row", axes[1] or "and block"), ("v", "CKA"))
    mark = (
        chart(cells)
        .transform_calculate(
            column=f"{json.dumps(list(columns))}[datum.x]",
            row=f"{json.dumps(list(rows))}[datum.y]",
            x2="datum.x + 1",
            y2="datum.y + 1",
        )
        .mark_rect(strokeWidth=0)
        .encode(x=x, x2="x2:Q", y=y, y2="y2:Q", color=color, tooltip=tips)
    )
    return ChartPanel(title, (mark,), height, 0, tuple(cells))


def _thinned(layers: Sequence[str], most: int) -> list[str]:
    every = math.ceil(len(layers) / most)
    return list(layers[::every])


def _left_out(rows: Sequence[str], columns: Sequence[str], most: int) -> str:
    """Returns ``" (50 of 200 blocks)"``, and nothing where all are shown."""
    if max(len(rows), len(columns)) <= most:
        return ""
    shown = [f"{len(_thinned(layers, most))} of {len(layers)}" for layers in (columns, rows)]
    return f" ({' by '.join(dict.fromkeys(shown))} blocks)"


def _edge(kind: Any, field: str, layers: Sequence[str], title: str | None) -> Any:
    """Returns an axis whose cells lie between whole numbers and are named in their middle."""
    names = [short(layer) for layer in layers]
    axis = alt.Axis(
        values=[place + 0.5 for place in named(names)],
        labelExpr=f"{json.dumps(names)}[floor(datum.value)]",
        labelOverlap="greedy",
        labelSeparation=6,
        labelFlush=False,
        ticks=False,
        domain=False,
        grid=False,
    )
    scale = alt.Scale(domain=[0, len(layers)], nice=False)
    return kind(f"{field}:Q", title=title, axis=axis, scale=scale)


def similarity_map(
    title: str, net: MeasuredNet, *, height: int = 330, most: int = 64
) -> ChartPanel:
    """Returns the map of how alike all pairs of blocks of a net are."""
    pairs = net.pairs("cka", "cka")
    names = pair_names(pairs)

    def value(row: str, column: str) -> float:
        return pair(pairs, row, column)

    return heat(title, names, names, value, height=height, most=most)
