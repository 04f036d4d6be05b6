"""Gradients along depth, before and after training."""

from __future__ import annotations

import math

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
from depthstudy.report.blocks import Key, Mark, Section, Text
from depthstudy.report.charts.panel import ChartPanel
from depthstudy.report.charts.scales import scale_of
from depthstudy.report.probes import layer_lines
from depthstudy.report.tables import Analysis, MeasuredNet
from depthstudy.report.text.formats import listing
from depthstudy.report.text.sentences import fold

_METRICS = ("gradient_norm", "output_gradient_norm")
_NOTE = (
    "Size (norm) of the gradient of the loss on train images, in train mode, on a logarithmic "
    "scale. How many fold it changes is read off the straight line through all points."
)


def section(analysis: Analysis) -> Section | None:
    """Returns the charts of gradients, or ``None`` where they were not measured."""
    panels = gradient_panels(analysis)
    if not panels:
        return None
    times = (Mark("at initialization", "dashed"), Mark("at the checkpoint", "solid"))
    return Section(
        "Gradients along depth",
        (
            *on_each_net(analysis, slope, carried),
            Key((*net_marks(analysis), *times)),
            charts(panels),
            Text(_NOTE, "note"),
        ),
        (
            picture(
                analysis, "gradients", "Gradients along depth", panels, "dashed: initialization"
            ),
        ),
    )


def gradient_panels(analysis: Analysis) -> list[ChartPanel]:
    """Returns gradient norms along depth, before and after training."""
    panels = []
    for name in _METRICS:
        metric = analysis.nets[0].metric("gradients", name, per_layer=True)
        lines = [
            line
            for net in analysis.nets
            for line in layer_lines(
                [net],
                "gradients",
                name,
                {"_initial": " at initialization", "": f" at step {net.info.step:,}"},
            )
        ]
        scale = scale_of(metric)
        panels += shared_chart(metric.title, analysis, lines, scale, "{:.2g}".format, height=230)
    return panels


def find(net: MeasuredNet) -> Finding | None:
    """Says by how much gradients shrink or grow on the way back through the net."""
    return change(net, "gradient_norm_slope", "From head to stem, gradients")


def change(net: MeasuredNet, metric: str, what: str) -> Finding | None:
    """Says by how much something changes from head to stem, before and after training.

    Args:
      net: The net.
      metric: Of the slope, in powers of ten.
      what: What changes, in the plural.
    """
    times = (
        (f"{metric}_initial", "at initialization"),
        (f"{metric}_early", "early"),
        (metric, f"at step {net.info.step:,}"),
    )
    slopes = [(net.whole("gradients", name), when) for name, when in times]
    slopes = [(slope, when) for slope, when in slopes if math.isfinite(slope)]
    if not slopes:
        return None
    declared = net.metric("gradients", metric)
    parts = listing([f"{fold(slope)} {when}" for slope, when in slopes])
    return finding(f"{what} {parts}.", out=any(declared.is_beyond(slope) for slope, _ in slopes))


def slope(net: MeasuredNet) -> str:
    """Says how the gradients of the weights change along depth."""
    answer = change(net, "gradient_norm_slope", "From head to stem, the gradients of the weights")
    return answer.text if answer else ""


def carried(net: MeasuredNet) -> str:
    """Says how the gradients that are carried from block to block change along depth."""
    answer = change(net, "output_gradient_norm_slope", "Those carried back through the blocks")
    return answer.text if answer else ""


def _rule(net: MeasuredNet) -> str:
    steep = 10 ** (net.metric("gradients", "gradient_norm_slope").threshold or 0.0)
    return f"gradients shrink or grow {steep:.0f}-fold or more, before or after training"


CHECK = Check(
    "Gradients",
    ("gradients",),
    "How strongly the first layer is told to learn, against the last. Where that shrinks "
    "(vanishes) or grows (explodes), it learns too slowly or too wildly.",
    _rule,
    find,
)
