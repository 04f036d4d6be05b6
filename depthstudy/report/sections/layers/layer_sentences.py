"""One plain sentence for each picture of a group's layers: the deepest net against the shallowest.

Pure functions. Each returns ``""`` where no net has the measurement.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

from depthstudy.report.tables import MeasuredNet
from depthstudy.report.tables.nets import DELETIONS, longest_alike, pair, pair_names
from depthstudy.report.text.formats import count, listing, percent, sentence_case
from depthstudy.report.text.sentences import finite, fold, points

Nets = Sequence[MeasuredNet]
Clause = tuple[str, str]  # of a net, and what need not be said twice
_NOTHING = ("", "")
_TIMES = (("_initial", "before training"), ("_early", "early on"), ("", "at the end"))


def gradients(nets: Nets) -> str:
    """Says by how much the gradients of the weights change on the way back."""
    return _contrast(nets, _slopes, "gradients on the way back to the first layer ", "they ")


def _slopes(net: MeasuredNet) -> Clause:
    slopes = [(net.whole("gradients", f"gradient_norm_slope{end}"), when) for end, when in _TIMES]
    folds = [(fold(slope), when) for slope, when in slopes if math.isfinite(slope)]
    equal = itertools.groupby(folds, key=lambda pair: pair[0])
    parts = [f"{change} {listing([when for _, when in same])}" for change, same in equal]
    return listing(parts), ""


def underflow(nets: Nets) -> str:
    """Says which share of the gradients float16 loses, without and with loss scaling."""
    what = " of the numbers in its gradients are too small for float16"
    return _contrast(nets, lambda net: (_lost(net), what))


def _lost(net: MeasuredNet) -> str:
    parts = []
    for end, when in _TIMES:
        bare, scaled = (net.whole("underflow", f"underflow{kind}{end}") for kind in ("", "_scaled"))
        if math.isfinite(bare):
            parts.append(f"{percent(bare)} {when} ({percent(scaled)} with loss scaling)")
    return listing(parts)


def separation(nets: Nets) -> str:
    """Says where in the net the classes stop becoming easier to tell apart."""
    return _contrast(nets, _separation, "accuracy ", "it ")


def _separation(net: MeasuredNet) -> Clause:
    accuracies = finite(list(net.layers("linear", "probe_accuracy").values()))
    gain = net.metric("linear", "probe_accuracy", per_layer=True).threshold or 0.0
    if not accuracies:
        return _NOTHING
    best, last = max(accuracies), accuracies[-1]
    if last <= best - gain:
        return f"reaches {percent(best)} on the way and is {percent(last)} after the last block", ""
    first = next(i for i, value in enumerate(accuracies) if value > best - gain)
    after = len(accuracies) - 1 - first
    if not after:
        return f"rises up to the last block, to {percent(best)}", ""
    of = f"{after} of {count(len(accuracies), 'block')}"
    adds = "adds" if after == 1 else "add"
    return f"reaches {percent(best)}, and the last {of} {adds} less than {points(gain)}", ""


def saturation(nets: Nets) -> str:
    """Says how much of their width the first and the last block use."""
    return _contrast(nets, _saturation, "directions in use go ")


def _saturation(net: MeasuredNet) -> Clause:
    shares = finite(list(net.layers("rank", "saturation").values()))
    if len(shares) < 2:
        return _NOTHING
    ends = f"from {percent(shares[0])} to {percent(shares[-1])}"
    return ends, " between the first block and the last"


def alike(nets: Nets) -> str:
    """Says how many blocks in a row give out nearly the same."""
    return _contrast(nets, _alike)


def _alike(net: MeasuredNet) -> Clause:
    pairs = net.pairs("cka", "cka")
    names = pair_names(pairs)
    if not names:
        return _NOTHING
    cka = net.metric("cka", "cka", per_layer=True)
    start, stop = longest_alike([[pair(pairs, a, b) for b in names] for a in names], cka)
    some = stop - start if stop - start > 1 else "none"
    alike_in_row = f" blocks are nearly alike in a row (above {cka.threshold})"
    return f"{some} of {len(names)}", alike_in_row


def blocks(nets: Nets) -> str:
    """Says how many blocks can be taken out for next to nothing."""
    return _contrast(nets, _blocks)


def _blocks(net: MeasuredNet) -> Clause:
    plain, anew = (finite(list(net.layers(p, "error_increase").values())) for p in DELETIONS)
    costs = plain or anew
    if not costs:
        return _NOTHING
    cost = net.metric(net.deletion, "error_increase", per_layer=True)
    some = sum(map(cost.is_beyond, costs)) or "none"
    limit = points(cost.threshold or 0.0)
    cheap = f" removable blocks can be taken out for less than {limit} of test error"
    return f"{some} of {len(costs)}", cheap


def border(nets: Nets) -> str:
    """Says how many layers lie past the border."""
    return _contrast(nets, _border)


def _border(net: MeasuredNet) -> Clause:
    counts = net.border_counts()
    if counts is None:
        return _NOTHING
    past, convolutions = counts
    side = f"{max(net.info.image_shape[:2]):,} px"
    seen = f" convolutions lie past the border: what they read covers the whole image ({side})"
    return f"{past or 'none'} of {convolutions}", seen


def refusal(nets: Nets) -> str:
    """Says why no block could be taken out."""
    reasons = {net.refusal(net.deletion) for net in nets}
    reason = reasons.pop() if len(reasons) == 1 else ""
    return f"{sentence_case(reason)}." if reason else ""


def _contrast(
    nets: Nets, say: Callable[[MeasuredNet], Clause], what: str = "", again: str = ""
) -> str:
    """Returns a sentence on the deepest net that has something to say, and on the shallowest.

    Args:
      nets: By rising depth.
      say: What there is to say of a net.
      what: How it begins.
      again: How it begins the second time.
    """
    clauses = [(net, clause) for net in nets if (clause := say(net))[0]]
    if not clauses:
        return ""
    (shallow, (shallow_clause, _)), (deep, (deep_clause, once)) = clauses[0], clauses[-1]
    sentence = f"At {deep.label}, {what}{deep_clause}{once}"
    if shallow is deep:
        return f"{sentence}."
    return f"{sentence}; at {shallow.label}, {again}{shallow_clause}."
