"""One plain sentence for each picture of a group's layers: the deepest net against the shallowest.

Pure functions. Each returns ``""`` where no net has the measurement.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

from depthstudy.report.analysis_runs import Run
from depthstudy.report.analysis_words import (
    ALIKE,
    FLAT,
    FREE,
    fold,
    longest_alike,
    pair,
    pair_names,
)
from depthstudy.report.formats import count, listing, number, percent

Nets = Sequence[Run]
Said = tuple[str, str]  # of a net, and what need not be said twice
_NOTHING = ("", "")
_TIMES = (("_initial", "before training"), ("_early", "early on"), ("", "at the end"))


def gradients(nets: Nets) -> str:
    """Says by how much the gradients of the weights change on the way back."""
    return _contrast(nets, _slopes, "gradients on the way back to the first layer ", "they ")


def _slopes(net: Run) -> Said:
    slopes = [(net.whole("gradients", f"gradient_norm_slope{end}"), when) for end, when in _TIMES]
    found = [(fold(slope), when) for slope, when in slopes if math.isfinite(slope)]
    alike = itertools.groupby(found, key=lambda pair: pair[0])
    parts = [f"{what} {listing([when for _, when in same])}" for what, same in alike]
    return listing(parts), ""


def underflow(nets: Nets) -> str:
    """Says which share of the gradients float16 loses, without and with loss scaling."""
    what = " of the numbers in its gradients are too small for float16"
    return _contrast(nets, lambda net: (_lost(net), what))


def _lost(net: Run) -> str:
    parts = []
    for end, when in _TIMES:
        bare, scaled = (net.whole("underflow", f"underflow{kind}{end}") for kind in ("", "_scaled"))
        if math.isfinite(bare):
            parts.append(f"{percent(bare)} {when} ({percent(scaled)} with loss scaling)")
    return listing(parts)


def separation(nets: Nets) -> str:
    """Says where in the net the classes stop becoming easier to tell apart."""
    return _contrast(nets, _separation, "accuracy ", "it ")


def _separation(net: Run) -> Said:
    found = _finite(net.layers("linear", "probe_accuracy"))
    if not found:
        return _NOTHING
    best, last = max(found), found[-1]
    if last <= best - FLAT:
        return f"reaches {percent(best)} on the way and is {percent(last)} after the last block", ""
    after = len(found) - 1 - next(i for i, value in enumerate(found) if value > best - FLAT)
    if not after:
        return f"rises up to the last block, to {percent(best)}", ""
    of = f"{after} of {count(len(found), 'block')}"
    adds = "adds" if after == 1 else "add"
    return f"reaches {percent(best)}, and the last {of} {adds} less than {_point(FLAT)}", ""


def saturation(nets: Nets) -> str:
    """Says how much of their width the first and the last block use."""
    return _contrast(nets, _saturation, "directions in use go ")


def _saturation(net: Run) -> Said:
    found = _finite(net.layers("rank", "saturation"))
    if len(found) < 2:
        return _NOTHING
    ends = f"from {percent(found[0])} to {percent(found[-1])}"
    return ends, " between the first block and the last"


def alike(nets: Nets) -> str:
    """Says how many blocks in a row give out nearly the same."""
    return _contrast(nets, _alike)


def _alike(net: Run) -> Said:
    pairs = net.pairs("cka", "cka")
    names = pair_names(pairs)
    if not names:
        return _NOTHING
    start, stop = longest_alike([[pair(pairs, a, b) for b in names] for a in names])
    some = stop - start if stop - start > 1 else "none"
    return f"{some} of {len(names)}", f" blocks are nearly alike in a row (above {ALIKE})"


def blocks(nets: Nets) -> str:
    """Says how many blocks can be taken out for next to nothing."""
    return _contrast(nets, _blocks)


def _blocks(net: Run) -> Said:
    costs = _finite(net.layers("deletion", "error_increase"))
    costs = costs or _finite(net.layers("deletion_reestimated", "error_increase"))
    if not costs:
        return _NOTHING
    some = sum(cost < FREE for cost in costs) or "none"
    cheap = f" removable blocks can be taken out for less than {_point(FREE)} of test error"
    return f"{some} of {len(costs)}", cheap


def border(nets: Nets) -> str:
    """Says how many layers lie past the border."""
    return _contrast(nets, _border)


def _border(net: Run) -> Said:
    fields = net.layers("field", "receptive_field")
    share = net.whole("field", "share_past_border")
    if not fields or not math.isfinite(share):
        return _NOTHING
    past = round(share * len(fields)) or "none"
    side = f"{max(net.info.image_shape[:2]):,} px"
    seen = f" convolutions lie past the border: what they read covers the whole image ({side})"
    return f"{past} of {len(fields)}", seen


def refusal(nets: Nets) -> str:
    """Says why no block could be taken out."""
    reasons = {net.refusal("deletion") for net in nets}
    reason = reasons.pop() if len(reasons) == 1 else ""
    return f"{reason[:1].upper()}{reason[1:]}." if reason else ""


def _contrast(nets: Nets, say: Callable[[Run], Said], what: str = "", again: str = "") -> str:
    """Returns a sentence on the deepest net that has something to say, and on the shallowest.

    Args:
      nets: By rising depth.
      say: What there is to say of a net.
      what: How it begins.
      again: How it begins the second time.
    """
    found = [(net, said) for net in nets if (said := say(net))[0]]
    if not found:
        return ""
    (shallow, (there, _)), (deep, (here, once)) = found[0], found[-1]
    sentence = f"At {deep.label}, {what}{here}{once}"
    return f"{sentence}." if shallow is deep else f"{sentence}; at {shallow.label}, {again}{there}."


def _point(fraction: float) -> str:
    return f"{number(100 * fraction, 0)} point"


def _finite(values: dict[str, float]) -> list[float]:
    return [value for value in values.values() if math.isfinite(value)]
