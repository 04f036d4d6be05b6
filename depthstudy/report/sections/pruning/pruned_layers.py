"""What each layer of a pruned net has left of its weights: a part of the section on pruning."""

from __future__ import annotations

from collections.abc import Sequence

from depthstudy.records import PrunedNet
from depthstudy.report.blocks import Block, Charts, Heading, Key, Mark, Picture
from depthstudy.report.charts.costs.removal import method_colors, method_of
from depthstudy.report.charts.layers.depthwise import through
from depthstudy.report.charts.lines import Line
from depthstudy.report.charts.scales import share_scale
from depthstudy.report.tables import Study
from depthstudy.report.text import formats, palette
from depthstudy.report.text.formats import short_percent


def left_weights(study: Study) -> tuple[tuple[Block, ...], tuple[Picture, ...]]:
    """Returns the charts of what each layer has left, one for each dense net, and their file."""
    panels, captions, lines = [], [], []
    for origin in dict.fromkeys(net.origin for net in study.pruning if net.part == "weights"):
        nets = [n for n in study.pruning if n.part == "weights" and n.origin == origin]
        drawn = lines_of(study, nets)
        charts = through(f"Weights left, {origin}", drawn, share_scale, formats.percent)
        panels += charts
        captions += [sentence(study, nets)] * len(charts)
        lines += drawn if charts else []
    if not panels:
        return (), ()
    key = tuple(dict.fromkeys((line.label, line.color) for line in lines))
    blocks = (
        Heading("What each layer has left"),
        Key(tuple(Mark(label, "line", color) for label, color in key)),
        Charts(tuple(panels), "three" if len(panels) > 2 else "two", tuple(captions)),
    )
    title, note = "Weights left in each layer", "what pruning chose to keep"
    return blocks, (Picture("pruning_density", title, (note,), tuple(panels), 2, 330, key),)


def lines_of(study: Study, nets: Sequence[PrunedNet]) -> list[Line]:
    """Returns a line for each net that chose its weights, the sparsest in the strongest color."""
    methods = list(method_colors(study.pruning))
    lines = []
    for method in dict.fromkeys(method_of(net) for net in nets if not _is_random(net)):
        chosen = sorted((n for n in nets if method_of(n) == method), key=lambda net: net.share)
        colors = palette.shades(methods.index(method), len(chosen))
        for net, color in zip(chosen, colors, strict=True):
            left = _left(study, net.variant)
            if left:
                lines.append(Line(f"{short_percent(net.share)} out, {method}", color, left))
    return lines


def sentence(study: Study, nets: Sequence[PrunedNet]) -> str:
    """Says which layers lose most and least in the sparsest net of those that start alike."""
    known = [(net, _left(study, net.variant)) for net in nets if not _is_random(net)]
    known = [(net, left) for net, left in known if left]
    if not known:
        return ""
    net, left = max(known, key=lambda pair: pair[0].share)
    least, most = min(left, key=left.__getitem__), max(left, key=left.__getitem__)
    return (
        f"At {net.origin}, the net without {short_percent(net.share)} of its weights "
        f"({method_of(net)}) has {formats.percent(left[most])} left in {most} and "
        f"{formats.percent(left[least])} in {least}."
    )


def _is_random(net: PrunedNet) -> bool:
    return net.method.startswith("random")


def _left(study: Study, name: str) -> dict[str, float]:
    """Returns the share of weights that is left in each layer, from first to last, over seeds."""
    table = study.measurements
    rows = table[(table["probe"] == "density") & (table["metric"] == "density")]
    rows = rows[(rows["variant"] == name) & (rows["layer"] != "")]
    means = rows.groupby("layer", sort=False)["value"].mean()
    return {str(layer): float(value) for layer, value in means.items()}
