"""What stands out: the answer of each net to each check, on the first screen."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from depthstudy.report.analysis import (
    deletion,
    fit,
    gradients,
    layers,
    receptive_field,
    similarity,
)
from depthstudy.report.analysis.parts import Check, Finding
from depthstudy.report.blocks import Details, FindingCard, Findings, Items, Section, Side, Text
from depthstudy.report.tables import Analysis, MeasuredNet
from depthstudy.report.tables.nets import short
from depthstudy.report.text.formats import DASH, count, number, percent, sentence_case

CHECKS = (
    fit.CHECK,
    gradients.CHECK,
    deletion.CHECK,
    receptive_field.CHECK,
    similarity.CHECK,
    layers.CLASSES_CHECK,
    layers.FILTERS_CHECK,
)
_SIGNS = {"stands out": "!", "nothing": "✓", "does not apply": DASH}
_METHOD = Markup(
    "Each follows from one measurement by one rule. <b>!</b> says that depth may be wasted or may "
    "hurt here, <b>✓</b> that the rule saw no sign of it. A sign is no proof; what a treatment "
    "wins back is, and a study with treatments measures that. It stands out if"
)
_NAMES = (
    "Layers are named by stage and block: 2.3 conv1 is the first convolution of the third block of "
    "the second stage. The stem is the first layer, the head the last."
)


def section(analysis: Analysis) -> Section | None:
    """Returns a card for each check, or ``None`` where no probe was asked for that answers one."""
    answers = findings(analysis)
    if not answers:
        return None
    several = analysis.are_several
    cards = tuple(
        FindingCard(
            check.name,
            tuple(
                Side(net.label, net.color, side.state, _SIGNS[side.state], side.text)
                for net, side in zip(analysis.nets, sides, strict=True)
            ),
            check.note,
        )
        for check, sides in answers
    )
    apart = comparisons(analysis) if several else []
    rules = [
        Markup("<b>{}:</b> {}.").format(check.name, check.rule(analysis.nets[0]))
        for check, _ in answers
    ]
    method = (Text(_METHOD), Items.plain(rules, "rules"), Text(_NAMES))
    return Section(
        "What stands out",
        (
            Text(_tally(analysis, [sides for _, sides in answers]), "tally"),
            Findings(cards),
            *([Items.plain(apart, "apart")] if apart else ()),
            Details("How these sentences are made", method, "method"),
        ),
    )


def findings(analysis: Analysis) -> list[tuple[Check, list[Finding]]]:
    """Returns the answers of all nets to each check whose probe was asked for."""
    return [
        (check, [check.find(net) or _refused(net, check.probes) for net in analysis.nets])
        for check in CHECKS
        if analysis.asked(*check.probes)
    ]


def _refused(net: MeasuredNet, probes: Sequence[str]) -> Finding:
    reason = next(filter(None, (net.refusal(probe) for probe in probes)), "nothing was measured")
    return Finding("does not apply", f"Does not apply: {reason}.")


def tally(sides: Sequence[Finding]) -> str:
    """Counts the checks that stand out: ``"2 of 7 checks stand out"``."""
    asked = [side for side in sides if side.state != "does not apply"]
    out = sum(side.state == "stands out" for side in asked)
    if not asked:
        return "no check applies"
    verb = "stands out" if out == 1 or len(asked) == 1 else "stand out"
    return f"{out or 'none'} of {count(len(asked), 'check')} {verb}"


def _tally(analysis: Analysis, answers: Sequence[Sequence[Finding]]) -> str:
    """Counts what stands out in each net."""
    tallies = [tally(sides) for sides in zip(*answers, strict=True)]
    if len(tallies) == 1:
        return f"{sentence_case(tallies[0])}."
    named = [f"{net.label}: {text}" for net, text in zip(analysis.nets, tallies, strict=True)]
    return f"{'; '.join(named)}."


def comparisons(analysis: Analysis) -> list[str]:
    """Says how the first net differs from each other one."""
    first, *others = analysis.nets
    return [
        sentence
        for other in others
        for sentence in (_errors_apart(first, other), _layers_apart(first, other))
        if sentence
    ]


def _errors_apart(first: MeasuredNet, other: MeasuredNet) -> str:
    error, other_error = (net.whole("generalization", "test_error") for net in (first, other))
    if not (math.isfinite(error) and math.isfinite(other_error)):
        return ""
    points = number(100 * abs(other_error - error))
    if points == "0.0":
        return f"{first.label} and {other.label} have the same test error, {percent(error)}."
    more, less = (first, other) if error > other_error else (other, first)
    return (
        f"The test error of {more.label} is {points} points higher than that of {less.label}. "
        f"With one run each, this may be chance.{_of_other_images(first, other)}"
    )


def _of_other_images(first: MeasuredNet, other: MeasuredNet) -> str:
    """Says that runs of two studies may err on other images; weights from files see the same."""
    if first.info.images or first.info.study == other.info.study:
        return ""
    return " They are of two studies, whose test images may differ."


def _layers_apart(first: MeasuredNet, other: MeasuredNet) -> str:
    pairs = first.pairs(other.cross_probe, "cross_cka")
    same = {a: value for (a, b), value in pairs.items() if a == b and math.isfinite(value)}
    if not same:
        return ""
    least = min(same, key=same.__getitem__)
    mean = sum(same.values()) / len(same)
    return (
        f"Blocks of the same name in {first.label} and {other.label} have a CKA of "
        f"{mean:.2f} on average, and the least at {short(least)}: {same[least]:.2f}."
    )
