"""Sentences beside the charts: what the first screen leaves out, and how nets differ."""

from __future__ import annotations

import math
import re

from depthstudy.report.analysis_runs import Analysis, Run, cross_probe, short
from depthstudy.report.analysis_words import change
from depthstudy.report.formats import count, listing, number, percent, receptive_field

_WAYS = (("deleting", "block", "taken out"), ("swapping", "pair", "swapped"))


def lede(run: Run) -> str:
    """Says in one line which net was analyzed."""
    info = run.info
    images = " × ".join(map(str, info.image_shape))
    net = f"{info.family}, depth {info.depth}, images {images}"
    if info.images:
        return f"{net} · weights of {info.study}"
    return f"{net} · study {info.study}, seed {info.seed}, step {info.step:,}"


def comparisons(analysis: Analysis) -> list[str]:
    """Says how the first run differs from each other one."""
    first, *others = analysis.runs
    return [
        sentence
        for other in others
        for sentence in (_errors_apart(first, other), _layers_apart(first, other))
        if sentence
    ]


def _errors_apart(first: Run, other: Run) -> str:
    mine, theirs = (run.whole("generalization", "test_error") for run in (first, other))
    if not (math.isfinite(mine) and math.isfinite(theirs)):
        return ""
    points = number(100 * abs(theirs - mine))
    if points == "0.0":
        return f"{first.label} and {other.label} have the same test error, {percent(mine)}."
    more, less = (first, other) if mine > theirs else (other, first)
    return (
        f"The test error of {more.label} is {points} points higher than that of {less.label}. "
        "With one run each, this may be chance."
    )


def _layers_apart(first: Run, other: Run) -> str:
    pairs = first.pairs(cross_probe(other), "cross_cka")
    same = {a: value for (a, b), value in pairs.items() if a == b and math.isfinite(value)}
    if not same:
        return ""
    least = min(same, key=same.__getitem__)
    mean = sum(same.values()) / len(same)
    return (
        f"Blocks of the same name in {first.label} and {other.label} have a CKA of "
        f"{mean:.2f} on average, and the least at {short(least)}: {same[least]:.2f}."
    )


def slope(run: Run) -> str:
    """Says how the gradients of the weights change along depth."""
    found = change(run, "gradient_norm_slope", "From head to stem, the gradients of the weights")
    return found.text if found else ""


def carried(run: Run) -> str:
    """Says how the gradients that are carried from block to block change along depth."""
    found = change(run, "output_gradient_norm_slope", "Those carried back through the blocks")
    return found.text if found else ""


def far(run: Run) -> str:
    """Says how alike blocks are that are far apart."""
    value = run.whole("cka", "far_cka")
    if not math.isfinite(value):
        return ""
    return f"Blocks that are half the net or more apart have a CKA of {value:.2f} on average."


def several(run: Run) -> str:
    """Says what it costs to take out, or to swap, as many blocks as were tried."""
    for probe, how in (("deletion", ""), ("deletion_reestimated", ", statistics taken anew")):
        before = run.whole(probe, "error")
        if math.isfinite(before):
            parts = [f"Test error is {percent(before)} with all blocks in place"]
            for way, what, done in _WAYS:
                if found := _most(run, probe, way):
                    error = percent(before + found[1])
                    parts.append(f"{error} with {count(found[0], what)} {done}")
            return f"{listing(parts)}{how}." if len(parts) > 1 else ""
    return ""


def _most(run: Run, probe: str, way: str) -> tuple[int, float] | None:
    found = {}
    for metric in run.table.loc[run.table["probe"] == probe, "metric"]:
        matched = re.fullmatch(rf"error_increase_{way}_(\d+)", metric)
        if matched and math.isfinite(run.whole(probe, metric)):
            found[int(matched.group(1))] = run.whole(probe, metric)
    return max(found.items()) if found else None


def usage(run: Run) -> str:
    """Says how much of their width the first and the last block use."""
    found = [(k, v) for k, v in run.layers("rank", "saturation").items() if math.isfinite(v)]
    if len(found) < 2:
        return ""
    (first, start), (last, end) = found[0], found[-1]
    return (
        f"Block {short(first)} uses {percent(start)} of its directions, "
        f"block {short(last)} {percent(end)}."
    )


def widest(run: Run) -> str:
    """Says how much the last layer takes in."""
    fields = run.layers("field", "receptive_field")
    if not fields:
        return ""
    field = receptive_field(round(max(fields.values())), run.info.image_shape)
    return f"The last layer takes in {field.replace(' · ', ', ')}."
