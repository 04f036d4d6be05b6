"""The receptive field along depth against the side of the image."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from depthstudy.report.analysis.parts import (
    Check,
    Finding,
    charts,
    finding,
    net_marks,
    on_each_net,
    picture,
    shared_chart,
)
from depthstudy.report.blocks import Key, Section, Text
from depthstudy.report.charts.panel import ChartPanel
from depthstudy.report.charts.scales import Scale
from depthstudy.report.probes import layer_lines
from depthstudy.report.tables import Analysis, MeasuredNet
from depthstudy.report.tables.nets import short
from depthstudy.report.text.formats import count, listing, receptive_field
from depthstudy.report.text.sentences import value_of

_NOTE = (
    "How many pixels across a layer takes in, on a logarithmic scale. From the border layer on, a "
    "layer reads what already saw the whole image (Richter 2021)."
)
_SAME = " The nets have the same field in every layer."


def section(analysis: Analysis) -> Section | None:
    """Returns the chart of receptive fields, or ``None`` where they were not measured."""
    panels = field_panels(analysis)
    if not panels:
        return None
    same = same_field(analysis)
    marks = () if same else net_marks(analysis)
    return Section(
        "Receptive field",
        (
            *on_each_net(analysis, widest),
            *([Key(marks)] if marks else ()),
            charts(panels),
            Text(_NOTE + (_SAME if same else ""), "note"),
        ),
        (picture(analysis, "receptive_field", "Receptive field", panels),),
    )


def same_field(analysis: Analysis) -> bool:
    """Whether several nets have one and the same receptive field in every layer."""
    fields = [net.layers("field", "receptive_field") for net in analysis.nets]
    return len(fields) > 1 and all(field == fields[0] for field in fields)


def field_panels(analysis: Analysis) -> list[ChartPanel]:
    """Returns the receptive field along depth against the side of the image."""
    metric = analysis.nets[0].metric("field", "receptive_field", per_layer=True)
    lines = layer_lines(analysis.nets, "field", "receptive_field", {"": ""})
    if same_field(analysis):
        names = listing([line.label for line in lines])
        lines = [dataclasses.replace(lines[0], label=names, color="var(--ink)")]
    sides = {max(net.info.image_shape[:2]) for net in analysis.nets}
    side = float(max(sides))
    level = (side, f"side of the image: {side:,.0f} px") if len(sides) == 1 else None

    def scale(values: Sequence[float]) -> Scale:
        ends = [*values, side]
        return Scale(min(ends) / 1.15, max(ends) * 1.15, "d", log=2)

    return shared_chart(
        metric.title, analysis, lines, scale, value_of(metric), height=230, level=level
    )


def past_border(net: MeasuredNet) -> Finding | None:
    """Says how many layers see nothing new."""
    counts = net.border_counts()
    if counts is None:
        return None
    past, convolutions = counts
    side = f"{max(net.info.image_shape[:2]):,} px"
    if not past:
        text = f"No convolution lies past the border: none reads the whole image ({side})."
        return finding(text, out=False)
    start = f"From {short(net.border())} on, " if net.border() else ""
    lie, see = ("lies", "it sees") if past == 1 else ("lie", "they see")
    text = f"{start}{past} of {count(convolutions, 'convolution')} {lie} past the border: "
    text += f"{see} nothing new, as the input already covers the whole image ({side})."
    share = net.metric("field", "share_past_border")
    return finding(text, out=share.is_beyond(past / convolutions))


def widest(net: MeasuredNet) -> str:
    """Says how much the last layer takes in."""
    fields = net.layers("field", "receptive_field")
    if not fields:
        return ""
    field = receptive_field(round(max(fields.values())), net.info.image_shape)
    return f"The last layer takes in {field.replace(' · ', ', ')}."


CHECK = Check(
    "Field of view",
    ("field",),
    "A layer whose input already covers the whole image can add no context (Richter 2021). In "
    "residual nets it may still help, as shortcuts bring smaller views along.",
    lambda net: "half of the convolutions or more lie past the border",
    past_border,
)
