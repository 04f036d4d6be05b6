"""What a net loses without single blocks, without several, or with blocks that changed places."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from depthstudy.report.analysis.parts import (
    Check,
    Finding,
    charts,
    finding,
    net_marks,
    on_each_net,
    picture,
)
from depthstudy.report.blocks import Block, Key, Mark, Section, Text
from depthstudy.report.charts.layers import deletion
from depthstudy.report.charts.panel import ChartPanel
from depthstudy.report.tables import Analysis, MeasuredNet
from depthstudy.report.tables.nets import DELETIONS
from depthstudy.report.text.formats import count, listing, number, percent
from depthstudy.report.text.sentences import ends_of, finite, points

_WAYS = (("deleting", "block", "taken out"), ("swapping", "pair", "swapped"))
_NOTE = (
    "Test error after blocks were taken out of the trained net or changed places, with no training "
    "afterwards (Veit 2016). Several blocks are drawn at random; shown is the mean of a few draws, "
    "and for one block the mean of all. Low bars are blocks that depth bought in vain. The stroke "
    "through a bar is its 95% interval over test images."
)


def section(analysis: Analysis) -> Section | None:
    """Returns the charts of errors, or ``None`` where no net has blocks that can be taken out."""
    blocks = deletion.block_panels(analysis.nets)
    if not blocks:
        return None
    several = deletion.several_panels(analysis.nets)
    both = all(analysis.asked(probe) for probe in DELETIONS)
    is_fixed = any(deletion.fixed(net) for net in analysis.nets)
    widths = (Mark("as the net stands", "wide"), Mark("batch statistics taken anew", "narrow"))
    marks = (
        *(widths if both else ()),
        Mark("the whole net", "dotted"),
        *([Mark("changes shape, so it has to stay", "cross")] if is_fixed else ()),
    )
    return Section(
        "Without single blocks",
        (
            *on_each_net(analysis, several_blocks),
            Key(marks),
            charts(blocks),
            *_several(analysis, several, both=both),
            Text(_NOTE, "note"),
        ),
        (picture(analysis, "deletion", "Without single blocks", (*blocks, *several)),),
    )


def _several(analysis: Analysis, panels: Sequence[ChartPanel], *, both: bool) -> tuple[Block, ...]:
    if not panels:
        return ()
    ways = (Mark("as the net stands", "pale"), Mark("batch statistics taken anew", "solid"))
    charted = [net for net in analysis.nets if deletion.applies(net)]
    marks = (*net_marks(analysis, charted), *(ways if both else ()))
    return (*([Key(marks, look="spaced")] if marks else ()), charts(panels))


def find(net: MeasuredNet) -> Finding | None:
    """Says what it costs to take out any one block."""
    plain, anew = (finite(list(net.layers(p, "error_increase").values())) for p in DELETIONS)
    costs = plain or anew
    if not costs:
        return None
    cost = net.metric(net.deletion, "error_increase", per_layer=True)
    few, total = sum(map(cost.is_beyond, costs)), len(costs)
    share = f"all {total}" if few == total > 1 else f"{few or 'none'} of {total}"
    text = (
        f"Taking out any one block costs {_cost(costs, net)}: {share} removable "
        f"{'block is' if total == 1 else 'blocks are'} redundant by this measure"
    )
    if plain and anew:
        free = sum(map(cost.is_beyond, anew))
        text += f", {free or 'none'} once batch statistics are taken anew"
    many = net.metric(net.deletion, "redundant_block_fraction")
    probe = DELETIONS[0] if plain else DELETIONS[1]
    sure = ends_of(many, net.intervals(probe, "redundant_block_fraction").get(""))
    text += f" (95% interval over images: {sure} of them)" if sure else ""
    return finding(f"{text}.", out=many.is_beyond(few / total))


def _cost(costs: Sequence[float], net: MeasuredNet) -> str:
    least, most = (number(100 * cost) for cost in (min(costs), max(costs)))
    if max(costs) <= 0:
        return "nothing"
    if net.metric(net.deletion, "error_increase", per_layer=True).is_beyond(max(costs)):
        return f"at most {most} points of test error"
    return f"{f'{least} to ' if least != most else ''}{most} points of test error"


def several_blocks(net: MeasuredNet) -> str:
    """Says what it costs to take out, or to swap, as many blocks as were tried."""
    for probe, how in zip(DELETIONS, ("", ", statistics taken anew"), strict=True):
        before = net.whole(probe, "error")
        if math.isfinite(before):
            ends = ends_of(net.metric(probe, "error"), net.intervals(probe, "error").get(""))
            error = f"{percent(before)}{f' ({ends})' if ends else ''}"
            parts = [f"Test error is {error} with all blocks in place"]
            for way, what, done in _WAYS:
                if most := _most(net, probe, way):
                    error = percent(before + most[1])
                    parts.append(f"{error} with {count(most[0], what)} {done}")
            return f"{listing(parts)}{how}." if len(parts) > 1 else ""
    return ""


def _most(net: MeasuredNet, probe: str, way: str) -> tuple[int, float] | None:
    increases = {}
    for metric in net.table.loc[net.table["probe"] == probe, "metric"]:
        matched = re.fullmatch(rf"error_increase_{way}_(\d+)", metric)
        if matched and math.isfinite(net.whole(probe, metric)):
            increases[int(matched.group(1))] = net.whole(probe, metric)
    return max(increases.items()) if increases else None


def _rule(net: MeasuredNet) -> str:
    cost = net.metric(net.deletion, "error_increase", per_layer=True)
    many = net.metric(net.deletion, "redundant_block_fraction")
    return f"{many.beyond}, that is, each costs less than {points(cost.threshold or 0.0)}"


CHECK = Check(
    "Blocks",
    DELETIONS,
    "What one block is worth: the test error that its loss adds, with nothing trained again.",
    _rule,
    find,
)
