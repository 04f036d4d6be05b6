"""What blocks make of the image: classes that can be read off, directions and filters in use."""

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
from depthstudy.report.blocks import Key, Section, Text
from depthstudy.report.charts.panel import ChartPanel
from depthstudy.report.charts.scales import scale_of
from depthstudy.report.probes import layer_lines
from depthstudy.report.tables import Analysis, MeasuredNet
from depthstudy.report.tables.nets import short
from depthstudy.report.text.formats import number, percent, whole_percent
from depthstudy.report.text.sentences import points, value_of

_TITLE = "What the blocks make of the image"
_METRICS = (
    ("linear", "probe_accuracy"),
    ("rank", "saturation"),
    ("rank", "effective_rank"),
    ("rank", "dead_share"),
)
_NOTE = (
    "Accuracy on new images of a simple classifier that sees what a block gives out, averaged over "
    "the image (Alain & Bengio 2016); share of directions that hold 99% of the variance (Richter "
    "2021); how many directions are in use (Roy & Vetterli 2007)."
)
_BORDER = " Past the border layer, inputs already cover the whole image."


def section(analysis: Analysis) -> Section | None:
    """Returns the charts along the layers, or ``None`` where nothing of them was measured."""
    panels = layer_panels(analysis)
    if not panels:
        return None
    marks = net_marks(analysis)
    note = _NOTE + (_BORDER if any(net.border() for net in analysis.nets) else "")
    return Section(
        _TITLE,
        (
            *on_each_net(analysis, usage),
            *([Key(marks)] if marks else ()),
            charts(panels),
            Text(note, "note"),
        ),
        (picture(analysis, "layers", _TITLE, panels),),
    )


def layer_panels(analysis: Analysis) -> list[ChartPanel]:
    """Returns linear probe, saturation, rank and dead filters along depth."""
    panels = []
    for probe, name in _METRICS:
        metric = analysis.nets[0].metric(probe, name, per_layer=True)
        lines = layer_lines(analysis.nets, probe, name, {"": ""})
        panels += shared_chart(metric.title, analysis, lines, scale_of(metric), value_of(metric))
    return panels


def separation(net: MeasuredNet) -> Finding | None:
    """Says after which block the classes become no easier to tell apart."""
    accuracies = [
        (layer, value)
        for layer, value in net.layers("linear", "probe_accuracy").items()
        if math.isfinite(value)
    ]
    if not accuracies:
        return None
    gain = net.metric("linear", "probe_accuracy", per_layer=True).threshold or 0.0
    best = max(value for _, value in accuracies)
    place = next(i for i, (_, value) in enumerate(accuracies) if value > best - gain)
    layer, value = accuracies[place]
    after = len(accuracies) - place - 1
    start = f"From block {short(layer)} the classes can be read off with {percent(value)} accuracy"
    if not after:
        return finding(f"{start}: up to the last block, accuracy rises.", out=False)
    blocks = "the block" if after == 1 else f"the {after} blocks"
    s = "s" if after == 1 else ""
    lost = value - accuracies[-1][1]
    if lost > gain:
        return finding(f"{start}: {blocks} after it lose{s} {number(100 * lost)} points.", out=True)
    text = f"{start}: {blocks} after it add{s} less than {points(gain)}."
    return finding(text, out=2 * after >= len(accuracies))


def silent(net: MeasuredNet) -> Finding | None:
    """Says how many filters never fire."""
    shares = {
        layer: value
        for layer, value in net.layers("rank", "dead_share").items()
        if math.isfinite(value)
    }
    if not shares:
        return None
    mean, worst = sum(shares.values()) / len(shares), max(shares, key=shares.__getitem__)
    if not mean:
        return finding("Every filter fires for some image.", out=False)
    text = f"On average over blocks {percent(mean)} of filters never fire"
    text += f", at most {percent(shares[worst])}, in {short(worst)}."
    return finding(text, out=net.metric("rank", "dead_share", per_layer=True).is_beyond(mean))


def usage(net: MeasuredNet) -> str:
    """Says how much of their width the first and the last block use."""
    shares = [(k, v) for k, v in net.layers("rank", "saturation").items() if math.isfinite(v)]
    if len(shares) < 2:
        return ""
    (first, start), (last, end) = shares[0], shares[-1]
    return (
        f"Block {short(first)} uses {percent(start)} of its directions, "
        f"block {short(last)} {percent(end)}."
    )


def _classes_rule(net: MeasuredNet) -> str:
    gain = net.metric("linear", "probe_accuracy", per_layer=True).threshold or 0.0
    return f"half of the blocks or more add less than {points(gain)}, or the last ones lose more"


def _filters_rule(net: MeasuredNet) -> str:
    dead = net.metric("rank", "dead_share", per_layer=True).threshold or 0.0
    return f"{whole_percent(dead)} or more of them never fire, as a mean over blocks"


CLASSES_CHECK = Check(
    "Classes",
    ("linear",),
    "How well a simple classifier tells the classes apart by what a block gives out.",
    _classes_rule,
    separation,
)
FILTERS_CHECK = Check(
    "Filters",
    ("rank",),
    "A filter that gives out nothing, whatever the image, is wasted.",
    _filters_rule,
    silent,
)
