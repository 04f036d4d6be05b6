"""Joins panels into one picture with a title and a key, for a file that stands alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from depthstudy.report.figures import CONFIG, Panel

Key = Sequence[tuple[str, str]]
_LINE = 640  # pixels of a line of a key


def poster(
    panels: Sequence[Panel],
    title: str,
    subtitle: str | Sequence[str],
    *,
    columns: int,
    width: int,
    key: Key = (),
) -> dict[str, Any]:
    """Returns one specification that holds all ``panels`` in rows of ``columns``, below their key.

    Args:
      panels: What to show.
      title: Title of the whole.
      subtitle: A line, or several, below it.
      columns: Panels in a row.
      width: Pixels of a panel without its axis.
      key: Names of colors and the colors, where the panels do not name them.
    """
    views, data = [], {}
    for panel in panels:
        view = panel.spec(width)
        data.update(view.pop("datasets"))
        heading = {"text": panel.title, "anchor": "start", "fontSize": 13, "offset": 12}
        views.append({**view, "title": heading | {"color": "var(--ink)", "fontWeight": 600}})
    grid = {"concat": views, "columns": columns, "spacing": {"column": 36, "row": 34}}
    return {
        "datasets": data,
        "vconcat": [*_key(key), grid],
        "spacing": 22,
        "resolve": {"scale": {"color": "independent"}},  # the key's colors are no scale of theirs
        "padding": 16,
        "title": {
            "text": title,
            "subtitle": subtitle,
            "anchor": "start",
            "fontSize": 18,
            "subtitleFontSize": 13,
            "subtitlePadding": 6,
            "offset": 22,
            "color": "var(--ink)",
            "subtitleColor": "var(--muted)",
        },
        "config": CONFIG | {"background": "var(--paper)", "font": "Helvetica, Arial, sans-serif"},
    }


def _key(key: Key) -> list[dict[str, Any]]:
    """Returns a view with a square and a name for each color, or none for an empty key."""
    if not key:
        return []
    widths = [34 + 6.6 * len(name) for name, _ in key]
    level = sum(widths) <= _LINE
    across = len(key) if level else max(1, int(_LINE // max(widths)))
    rows = [
        {
            "name": name,
            "color": color,
            "x": sum(widths[:i]) if level else i % across * max(widths),
            "y": 8 + 18 * (i // across),
        }
        for i, (name, color) in enumerate(key)
    ]
    exact = {"type": "quantitative", "scale": None, "axis": None}
    place = {"x": {"field": "x", **exact}, "y": {"field": "y", **exact}}
    color = {"field": "color", "type": "nominal", "scale": None}
    text = {"type": "text", "align": "left", "dx": 12}
    return [
        {
            "data": {"values": rows},
            "width": _LINE,
            "height": 18 * math.ceil(len(key) / across),
            "encoding": place,
            "layer": [
                {
                    "mark": {"type": "square", "size": 110, "opacity": 1, "xOffset": 5},
                    "encoding": {"color": color},
                },
                {
                    "mark": {**text, "xOffset": 5},
                    "encoding": {"text": {"field": "name", "type": "nominal"}},
                },
            ],
        }
    ]
