"""One chart with its title, and what all charts look like.

The page lays panels out itself, so they reflow on a phone; ``export`` joins the same panels into
one picture for a file. Colors are names of ``palette``.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

Row = Mapping[str, Any]
_AXIS = 54  # pixels of an axis with its title, and of padding


@dataclasses.dataclass(frozen=True)
class ChartPanel:
    """One chart: its title, and the marks that are drawn over each other.

    Attributes:
      title: What is shown.
      marks: The layers, drawn in this order.
      height: Pixels of the plot without its axis.
      margin: Pixels that are kept free on the right.
      values: What is drawn, for a CSV file beside the figure.
    """

    title: str
    marks: tuple[alt.Chart, ...]
    height: int
    margin: int = 0
    values: tuple[Row, ...] = ()

    def spec(self, width: int | str) -> dict[str, Any]:
        """Returns the Vega-Lite specification for a poster, or for the page (``"container"``).

        On the page the whole chart has a fixed size, so that neighbors stand on one line. Its
        title is also what screen readers say of it.
        """
        page = width == "container"
        height = self.height + _AXIS if page else self.height
        spec = {**self._layers, "description": self.title, "width": width, "height": height}
        if not page:
            return spec
        spec["padding"] = {"left": 2, "top": 6, "right": self.margin + 4, "bottom": 2}
        return {**spec, "config": CONFIG, "autosize": {"type": "fit", "contains": "padding"}}

    @functools.cached_property
    def _layers(self) -> dict[str, Any]:
        """The marks as Vega-Lite has them, which takes longer than all else on a page."""
        spec: dict[str, Any] = alt.layer(*self.marks).to_dict()
        del spec["$schema"]
        return spec


CONFIG: dict[str, Any] = {
    "background": None,
    "font": "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": "var(--muted)",
        "titleColor": "var(--muted)",
        "gridColor": "var(--grid)",
        "domainColor": "var(--rule)",
        "tickColor": "var(--rule)",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelPadding": 6,
        "titlePadding": 10,
    },
    "axisX": {"grid": False},
    "axisY": {"domain": False, "ticks": False},
    "legend": {
        "labelColor": "var(--ink)",
        "titleColor": "var(--muted)",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "orient": "top",
        "columns": 2,
        "labelLimit": 260,
        "symbolSize": 90,
    },
    "text": {"color": "var(--ink)", "fontSize": 12},
    "rule": {"color": "var(--ink)"},
}


def chart(rows: Sequence[Row]) -> alt.Chart:
    """Returns a chart of these rows, which travel inside the specification."""
    return alt.Chart(alt.InlineData(values=list(rows)))


def digits(value: float) -> float | None:
    """Rounds to what an eye can see; what is not finite becomes ``None``, as JSON needs it."""
    return float(f"{value:.5g}") if math.isfinite(value) else None


def tooltip(*pairs: tuple[str, str]) -> list[alt.Tooltip]:
    """Returns the lines of a tooltip from pairs of a field and its title."""
    return [alt.Tooltip(field, type="nominal", title=title) for field, title in pairs]
