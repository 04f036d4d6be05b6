"""How similar the blocks of a net are, and those of two nets."""

from __future__ import annotations

import math

from depthstudy.report.analysis.parts import Check, Finding, finding, on_each_net, picture
from depthstudy.report.blocks import Charts, Ramp, Section, Text
from depthstudy.report.charts.layers.heat import heat, similarity_map
from depthstudy.report.charts.panel import ChartPanel
from depthstudy.report.tables import Analysis, MeasuredNet
from depthstudy.report.tables.nets import (
    Pairs,
    longest_alike,
    pair,
    pair_names,
    short,
)
from depthstudy.report.text import palette
from depthstudy.report.text.sentences import ends_of

_TITLE = "How alike the blocks are"
_NOTE = (
    "Debiased linear CKA of what two blocks give out for the same train images (Kornblith 2019, "
    "Song 2012). A large square along the diagonal in the color of 1 is a run of blocks that all "
    "do nearly the same: a sign of a net that is larger than its task needs (Nguyen 2020)."
)


def section(analysis: Analysis) -> Section | None:
    """Returns a map for each net and pair of nets, or ``None`` where CKA was not measured."""
    panels = similarity_panels(analysis)
    if not panels:
        return None
    beside = (
        *on_each_net(analysis, _answer, look=""),
        *on_each_net(analysis, far, look=""),
        Text(_NOTE, "note"),
    )
    ramp = Ramp("unrelated 0", "1 the same", tuple(palette.heat()))
    maps = Charts(tuple(panels), "two", beside=beside)
    return Section(
        _TITLE, (ramp, maps), (picture(analysis, "similarity", _TITLE, panels, colored=False),)
    )


def similarity_panels(analysis: Analysis) -> list[ChartPanel]:
    """Returns a map of all pairs of blocks for each net, and of the first with each other one."""
    several = analysis.are_several
    panels = [
        similarity_map(net.label if several else "All pairs of blocks", net)
        for net in analysis.nets
        if net.pairs("cka", "cka")
    ]
    first, *others = analysis.nets
    for other in others:
        pairs = first.pairs(other.cross_probe, "cross_cka")
        if pairs:
            columns, rows = ([*dict.fromkeys(side)] for side in zip(*pairs, strict=True))
            title = f"{first.label} against {other.label}"
            axes = (first.label, other.label)

            def value(row: str, column: str, pairs: Pairs = pairs) -> float:
                return pairs.get((column, row), math.nan)

            panels.append(heat(title, rows, columns, value, axes))
    return panels


def alike(net: MeasuredNet) -> Finding | None:
    """Names the longest run of blocks that give out nearly the same."""
    pairs = net.pairs("cka", "cka")
    names = pair_names(pairs)
    if not names:
        return None
    cka = net.metric("cka", "cka", per_layer=True)
    start, stop = longest_alike([[pair(pairs, a, b) for b in names] for a in names], cka)
    size = stop - start
    if size < 2:
        return finding("No two blocks in a row are nearly alike.", out=False)
    ends = f"{short(names[start])} to {short(names[stop - 1])}"
    share = net.metric("cka", "block_share")
    sure = ends_of(share, net.intervals("cka", "block_share").get(""))
    above = f"CKA above {cka.threshold}{f'; {sure} of them over draws of images' if sure else ''}"
    text = f"{size} of {len(names)} blocks in a row, {ends}, are nearly alike ({above})."
    return finding(text, out=share.is_beyond(size / len(names)))


def far(net: MeasuredNet) -> str:
    """Says how alike blocks are that are far apart."""
    value = net.whole("cka", "far_cka")
    if not math.isfinite(value):
        return ""
    ends = net.intervals("cka", "far_cka").get("")
    sure = f" (95% interval over images: {ends[0]:.2f} to {ends[1]:.2f})" if ends else ""
    return f"Blocks that are half the net or more apart have a CKA of {value:.2f} on average{sure}."


def _answer(net: MeasuredNet) -> str:
    answer = alike(net)
    return answer.text if answer else ""


CHECK = Check(
    "Similarity",
    ("cka",),
    "Whether blocks in a row give out nearly the same. CKA is 1 for the same, 0 for unrelated.",
    lambda net: net.metric("cka", "block_share").beyond,
    alike,
)
