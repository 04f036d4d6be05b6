"""What the sections of an analysis share: checks, sentences on each net, charts of several nets."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Literal

from depthstudy.report.blocks import Block, Charts, Mark, Picture, Sentences
from depthstudy.report.charts.layers.profile import profile
from depthstudy.report.charts.lines import Line
from depthstudy.report.charts.panel import ChartPanel
from depthstudy.report.charts.scales import Scale
from depthstudy.report.tables import Analysis, MeasuredNet
from depthstudy.report.text.formats import listing

State = Literal["stands out", "nothing", "does not apply"]


@dataclasses.dataclass(frozen=True)
class Finding:
    """A sentence on one net, and whether it stands out."""

    state: State
    text: str


@dataclasses.dataclass(frozen=True)
class Check:
    """A question to a net.

    Attributes:
      name: A word or two.
      probes: Which probes answer it.
      note: What is asked, for a reader who knows nothing of it.
      rule: Says when the answer stands out, by what the net's metrics declare.
      find: Answers it; ``None`` where the net lacks the measurement.
    """

    name: str
    probes: tuple[str, ...]
    note: str
    rule: Callable[[MeasuredNet], str]
    find: Callable[[MeasuredNet], Finding | None]


def finding(text: str, *, out: bool) -> Finding:
    """Returns a sentence that stands out, or that does not."""
    return Finding("stands out" if out else "nothing", text)


def on_each_net(
    analysis: Analysis,
    *says: Callable[[MeasuredNet], str],
    look: Literal["finding", ""] = "finding",
) -> tuple[Block, ...]:
    """Returns one paragraph for each net of which there is something to say, or no block."""
    texts = [(net, " ".join(filter(None, (say(net) for say in says)))) for net in analysis.nets]
    lines = tuple((net.label, net.color, text) for net, text in texts if text)
    return (Sentences(lines, analysis.are_several, look),) if lines else ()


def net_marks(analysis: Analysis, nets: Sequence[MeasuredNet] | None = None) -> tuple[Mark, ...]:
    """Returns the colors of nets for a key, where there are several."""
    shown = analysis.nets if nets is None else nets
    return tuple(Mark(n.label, "line", n.color) for n in shown) if analysis.are_several else ()


def charts(panels: Sequence[ChartPanel]) -> Charts:
    """Returns charts side by side, a single one over the whole width."""
    return Charts(tuple(panels), "two" if len(panels) > 1 else "one")


def picture(
    analysis: Analysis,
    name: str,
    title: str,
    panels: Sequence[ChartPanel],
    note: str = "",
    *,
    colored: bool = True,
) -> Picture:
    """Returns the charts of a section as a file; ``colored`` where colors tell nets apart."""
    nets = "" if colored and analysis.are_several else listing([n.label for n in analysis.nets])
    key = tuple((net.label, net.color) for net in analysis.nets) if not nets else ()
    columns = min(2, len(panels))
    notes = tuple(filter(None, (nets, note)))
    return Picture(name, title, notes, tuple(panels), columns, 330 if columns > 1 else 640, key)


def shared_chart(
    title: str,
    analysis: Analysis,
    lines: Sequence[Line],
    scale: Callable[[Sequence[float]], Scale],
    say: Callable[[float], str],
    *,
    height: int = 150,
    level: tuple[float, str] | None = None,
) -> list[ChartPanel]:
    """Returns one chart of all lines, or one a net, on one scale, where their layers differ."""
    lines = [line for line in lines if line.values]
    values = [v for line in lines for v in line.values.values() if math.isfinite(v)]
    if not values:
        return []
    axis = scale(values)
    if len({tuple(line.values) for line in lines}) == 1:
        return [profile(title, lines, axis, say, height=height, level=level)]
    return [
        profile(f"{title}: {net.label}", own_lines, axis, say, height=height, level=level)
        for net in analysis.nets
        if (own_lines := [line for line in lines if line.color == net.color])
    ]
