"""Nets out of which something was taken: their error, what layers have left, promise and clock."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from depthstudy.evidence.budgets import UNEQUAL
from depthstudy.evidence.costs.pruning import HARMLESS
from depthstudy.records import PrunedNet
from depthstudy.report import tables
from depthstudy.report.blocks import (
    Charts,
    Figure,
    Heading,
    Items,
    Key,
    Mark,
    Picture,
    Row,
    Section,
    Table,
    Text,
)
from depthstudy.report.charts.costs import removal
from depthstudy.report.charts.costs.removal import CONTROLS, method_colors, method_of
from depthstudy.report.charts.panel import ChartPanel
from depthstudy.report.sections.pruning.pruned_layers import left_weights
from depthstudy.report.tables import Study
from depthstudy.report.text import formats
from depthstudy.report.text.formats import sentence_case, short_percent, whole_percent
from depthstudy.report.text.sentences import SOURCES, points

_INTRODUCTION = (
    "From a trained net something is taken out, and the rest is trained on (fine-tuned). Weights "
    "become zeros that stay; without channels or blocks the net really is smaller. Error against "
    "what was taken out, the dense net on the left; a lower line is better."
)
_HEADER = (
    "Taken out", "Weights left", "MACs left", "Time of a step", "Test error", "Against dense",
)  # fmt: skip
_NOTE = (
    "Weights, MACs and time are shares of the dense net’s. MACs left is what pruning promises; the "
    "time of a training step is what this machine took, without compiling, and varies with "
    "whatever else it did. Masked: of the weights that may be pruned, and all MACs are still done. "
    "Against dense: test error minus that of the dense net with the same seed, in points"
)


def section(study: Study) -> Section | None:
    """Returns what pruning did, or ``None`` where nothing was pruned."""
    if not study.pruning:
        return None
    colors = method_colors(study.pruning)
    controls = {method_of(net): net.control for net in study.pruning}
    key = Key(
        (
            *(Mark(method, controls[method], color) for method, color in colors.items()),
            Mark("dense", "level", "var(--muted)"),
        )
    )
    parts = list(dict.fromkeys(net.part for net in study.pruning))
    parts.sort(key=("weights", "channels", "blocks").index)
    panels = {part: tuple(removal.error_panels(study, part)) for part in parts}
    intervals = (
        f"Marks are means over {tables.seeds(study)}, lines through them the 95% intervals, "
        f"{SOURCES} (cut at the edges)."
        if study.has_seeds
        else "One seed each, so there are no intervals."
    )
    widest = max(map(len, panels.values()))
    picture = Picture(
        "pruning",
        "Pruning",
        (tables.figure_note(study, "lines are 95% intervals, dashed: dense"),),
        tuple(panel for row in panels.values() for panel in row),
        widest,
        330,
        tuple(colors.items()),
    )
    layers, layers_picture = left_weights(study)
    return Section(
        "Pruning",
        (
            Text(_INTRODUCTION, "note"),
            key,
            *(_figure(study, part, panels[part]) for part in parts),
            Text(intervals, "note"),
            *layers,
            Heading("Promised and measured"),
            Text(speed(study), "finding"),
            Table(_HEADER, tuple(_row(study, net) for net in study.pruning)),
            Text(
                _NOTE
                + (". Errors and differences with 95% intervals." if study.has_seeds else "."),
                "note",
            ),
        ),
        (picture, *layers_picture),
    )


def _figure(study: Study, part: str, panels: tuple[ChartPanel, ...]) -> Figure:
    sentences = controls(study, part)
    more = [Items.plain(sentences, "matched")] if sentences else []
    charts = Charts(panels, "three" if len(panels) > 2 else "two")
    return Figure((Text(errors(study, part), "finding"), charts, *more))


def errors(study: Study, part: str) -> str:
    """Says how much of a part each method takes out for next to nothing, for each dense net."""
    depths = {info.name: info.depth for info in study.info.variants}
    origins: dict[str, list[PrunedNet]] = {}
    for net in study.pruning:
        if net.part == part:
            origins.setdefault(net.origin, []).append(net)
    deepest_first = sorted(
        origins, key=lambda origin: -max(depths[net.dense] for net in origins[origin])
    )
    shares = [(origin, _harmless_shares(origins[origin])) for origin in deepest_first]
    shares = [(origin, methods) for origin, methods in shares if methods]
    text = "; ".join(
        f"at {origin}, {_taken(methods, part, brief=i > 0)}"
        for i, (origin, methods) in enumerate(shares)
    )
    return f"{sentence_case(text)}. {_unequal(study, part)}".strip() if text else ""


def _unequal(study: Study, part: str) -> str:
    """Says that nets have seen more images than the dense ones that they are set against."""
    ratios = [
        net.budget_ratio
        for net in study.pruning
        if net.part == part and not net.is_trained_anew and net.budget_ratio
    ]
    if not ratios or max(ratios) <= UNEQUAL:
        return ""
    low, high = formats.two_digits(min(ratios)), formats.two_digits(max(ratios))
    times = low if low == high else f"{low} to {high}"
    return f"Unequal budgets: with fine-tuning they saw {times} times the images of the dense nets."


def _harmless_shares(nets: Sequence[PrunedNet]) -> list[tuple[str, float]]:
    """Returns the methods and the greatest share that each takes out for next to nothing."""
    methods = dict.fromkeys(method_of(net) for net in nets if not net.is_trained_anew)
    return [
        (m, max((net.share for net in nets if method_of(net) == m and net.harmless), default=0.0))
        for m in methods
    ]


def _taken(methods: Sequence[tuple[str, float]], part: str, *, brief: bool) -> str:
    """Returns ``"magnitude is shown to take out 90% of the weights for ..., random 50%"``."""
    parts = [f"{method} {short_percent(most) if most else 'none'}" for method, most in methods]
    if brief:
        return ", ".join(parts)
    method, most = methods[0]
    amount = short_percent(most) if most else "no share that was tried"
    limit = points(HARMLESS)
    first = (
        f"{method} is shown to take out {amount} of the {part} for less than {limit} of test error"
    )
    return ", ".join([first, *parts[1:]])


def controls(study: Study, part: str) -> list[str]:
    """Says whether going on from what was learned beats training anew, pair by pair."""
    nets = [net for net in study.pruning if net.part == part]
    sentences = [_control(net) for net in nets if net.tuned]
    if not sentences and any(net.part != "weights" for net in nets):
        return ["Nothing of the same shape was trained anew, so it is open what pruning is worth."]
    return sentences


def _control(net: PrunedNet) -> str:
    anew = CONTROLS[net.control].replace("anew, equal", "anew for equal")
    return (
        f"{sentence_case(net.origin)}, {short_percent(net.share)} of the {net.part} out: "
        f"fine-tuned, it errs {_compared(net)} than {anew}."
    )


def _compared(net: PrunedNet) -> str:
    size = formats.number(100 * abs(net.tuned_change))
    if size == "0.0":
        size = "less than 0.1"
    word = "more" if net.tuned_change > 0 else "less"
    if not math.isfinite(net.tuned_low):
        return f"{size} points {word}"
    turn = math.copysign(1, net.tuned_change)
    ends = sorted(turn * end for end in (net.tuned_low, net.tuned_high))
    return f"{size} points {word} ({formats.points_range(*ends)})"


def speed(study: Study) -> str:
    """Says what pruned nets save by count, and what by the clock."""
    timed = [net for net in study.pruning if math.isfinite(net.step_time)]
    masked = [net for net in timed if net.part == "weights"]
    smaller = [net for net in timed if net.part != "weights"]
    parts = []
    if masked:
        parts.append(
            "Masked nets are not faster, for zeros are multiplied like other numbers: a training "
            f"step takes {_median([net.step_time for net in masked])} of its dense twin’s time, "
            "the choice of what goes included."
        )
    if smaller:
        parts.append(
            f"Nets that were made smaller have {_median([net.macs_left for net in smaller])} of "
            "the multiply-accumulates, and their step takes "
            f"{_median([net.step_time for net in smaller])} of the time."
        )
    return " ".join(parts)


def _median(shares: Sequence[float]) -> str:
    """Returns ``"40% (25 to 55%)"``: the median and the ends."""
    low, high = whole_percent(min(shares)), whole_percent(max(shares))
    middle = whole_percent(statistics.median(shares))
    return low if low == high else f"{middle} ({low.removesuffix('%')} to {high})"


def _row(study: Study, net: PrunedNet) -> Row:
    masked = " (masked)" if net.part == "weights" else ""
    return Row(
        f"{net.origin}: {short_percent(net.share)} of {net.part}, {method_of(net)}",
        (
            f"{whole_percent(net.weights_left)}{masked}",
            whole_percent(net.macs_left),
            whole_percent(net.step_time),
            tables.error_estimate(study, net.variant, "test_error"),
            formats.change(net.change, net.change_low, net.change_high),
        ),
        title=net.variant,
    )
