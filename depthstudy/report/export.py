"""Writes the figures of a page: every picture of its sections as a file that stands alone."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import vl_convert

from depthstudy import store
from depthstudy.report.blocks import Picture, Section
from depthstudy.report.charts.panel import CONFIG
from depthstudy.report.text import palette

Key = Sequence[tuple[str, str]]
_LINE = 640  # pixels of a line of a key


def write_figures(sections: Sequence[Section], folder: Path) -> None:
    """Writes each picture as SVG with its values as CSV, and the main one as PNG, too."""
    for picture in (picture for section in sections for picture in section.pictures):
        spec = json.loads(palette.resolve(json.dumps(specification(picture))))
        path = folder / picture.name
        store.write_text(path.with_suffix(".svg"), vl_convert.vegalite_to_svg(spec))
        rows = [{"panel": panel.title, **row} for panel in picture.panels for row in panel.values]
        store.write_table(path.with_suffix(".csv"), pd.DataFrame(rows))
        if picture.as_png:
            store.write_bytes(path.with_suffix(".png"), vl_convert.vegalite_to_png(spec, scale=2))


def specification(picture: Picture) -> dict[str, Any]:
    """Returns one specification that holds all panels of a picture below their key."""
    views: list[dict[str, Any]] = []
    data: dict[str, Any] = {}
    for panel in picture.panels:
        view = panel.spec(picture.width)
        data.update(view.pop("datasets"))
        heading = {"text": panel.title, "anchor": "start", "fontSize": 13, "offset": 12}
        views.append({**view, "title": heading | {"color": "var(--ink)", "fontWeight": 600}})
    grid = {"concat": views, "columns": picture.columns, "spacing": {"column": 36, "row": 34}}
    return {
        "description": picture.title,
        "datasets": data,
        "vconcat": [*_key(picture.key), grid],
        "spacing": 22,
        "resolve": {"scale": {"color": "independent"}},  # the key's colors are no scale of theirs
        "padding": 16,
        "title": {
            "text": picture.title,
            "subtitle": list(picture.notes),
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
