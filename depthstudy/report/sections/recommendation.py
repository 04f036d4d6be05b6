"""Which net to take, why, and what it saves."""

from __future__ import annotations

from depthstudy.evidence.baseline import nothing_learned
from depthstudy.records import Recommendation
from depthstudy.report.blocks import Section, Text
from depthstudy.report.sections.attribution import why
from depthstudy.report.tables import Study, has_treatments, whole_nets
from depthstudy.report.text.formats import duration, number, percent, points_range, spaced

_UNITS = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))


def section(study: Study) -> Section | None:
    """Returns the recommendation, or ``None`` where there is no choice."""
    if study.recommendation is None:
        if not nothing_learned(study.summary):
            return None
        text = "Take none: no net is better than always naming the largest class."
        return Section("Recommendation", (Text(text, "take"),), look="advice")
    whole = whole_nets(study)
    reason = reason_sentence(study.recommendation)
    cause = why(whole)
    blocks = (
        Text(recommendation_sentence(study.recommendation, treated=has_treatments(whole)), "take"),
        *([Text(cause)] if cause else ()),
        Text(
            f"{reason} The choice was made on the test set, so its error is a little optimistic.",
            "note",
        ),
    )
    return Section("Recommendation", blocks, look="advice")


def recommendation_sentence(choice: Recommendation, *, treated: bool) -> str:
    """Says in one sentence which net to take and what it costs.

    Args:
      choice: The recommendation.
      treated: Whether the study has treatments at all.
    """
    group = choice.group.removesuffix(f" + {choice.treatment}")
    with_ = f" with {spaced(choice.treatment)}" if choice.treatment else " without a treatment"
    known = choice.low is not None and choice.high is not None
    ends = max(0.0, choice.low or 0.0), min(1.0, choice.high or 0.0)
    sure = f" ({points_range(*ends)}%)" if known else ""
    return (
        f"Take {group} at depth {choice.depth}{with_ if treated else ''}: "
        f"test error {percent(choice.test_error)}{sure}, {quantity(choice.macs)} "
        f"multiply-accumulates an image, {quantity(choice.parameters)} parameters, "
        f"{duration(choice.seconds)} for a run."
    )


def reason_sentence(choice: Recommendation) -> str:
    """Says why this net, and what it saves against the best and the deepest."""
    if choice.best == choice.variant and choice.seeds < 2:
        text = "It errs least, on one seed."
    elif choice.best == choice.variant:
        text = "It errs least, and no cheaper net is within one standard error of it."
    else:
        text = (
            f"It is the cheapest net within one standard error of the best ({choice.best}), "
            f"where it {_errs(choice.over_best)} and {_takes(choice.macs_saved_best)}."
        )
    if choice.deepest in (choice.variant, choice.best):
        return text
    against = f"{_errs(choice.over_deepest)} and {_takes(choice.macs_saved_deepest)}"
    return f"{text} Against the deepest ({choice.deepest}) it {against}."


def quantity(amount: int) -> str:
    """Returns ``"2.5 million"``, or ``"75,002"`` below a million."""
    for size, unit in _UNITS:
        if amount >= size:
            return f"{number(amount / size)} {unit}"
    return f"{amount:,}"


def _errs(over: float) -> str:
    size = number(100 * abs(over))
    if size == "0.0":
        return "errs as much"
    return f"errs {size} points {'more' if over > 0 else 'less'}"


def _takes(saved: float) -> str:
    size = number(100 * abs(saved), 0)
    if size == "0":
        return "takes as many multiply-accumulates"
    return f"takes {size}% {'fewer' if saved > 0 else 'more'} multiply-accumulates"
