"""Sentences on why a deeper net did worse, and on which net to take.

Pure functions, as in ``words``. What they credit to a mechanism follows from intervals alone: a
treatment wins something back where its interval lies above zero, and nothing else counts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from depthstudy.records import Attribution, MatchedGap, Recommendation
from depthstudy.report import tables
from depthstudy.report.formats import duration, listing, number, percent
from depthstudy.report.tables import Study

_TREATING = {"receptive_field": "the receptive field"}  # where a mechanism needs an article
_UNITS = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))


def plain(name: str) -> str:
    """Returns a name from a config as words: ``"weight_decay"`` is ``"weight decay"``."""
    return name.replace("_", " ")


def treatment_label(row: Attribution) -> str:
    """Returns ``"Weight decay (overfitting)"``, or ``"Scratch (control of block removal)"``."""
    if row.control_of:
        return f"{_upper(plain(row.treatment))} (control of {plain(row.control_of)})"
    return f"{_upper(plain(row.treatment))} ({plain(row.mechanism)})"


def excess_sentence(group: str, deep: str, best: str, excess: tuple[float, float, float]) -> str:
    """Says how much worse a deep net is than the best depth.

    Args:
      group: What the two share.
      deep: Label of the deep net, as ``"depth 56"``.
      best: Label of the best.
      excess: The excess as a fraction, and the ends of its interval.
    """
    mean, low, high = (number(100 * value) for value in excess)
    return f"In {group}, {deep} errs {mean} points more than {best} (95% interval {low} to {high})."


def credit_sentence(rows: Sequence[Attribution]) -> str:
    """Says what share of an excess each mechanism's best treatment wins back."""
    shares: dict[str, float] = {}
    for row in rows:
        if row.established and not row.control_of:
            shares[row.mechanism] = max(row.share, shares.get(row.mechanism, 0.0))
    ordered = sorted(shares.items(), key=lambda pair: -pair[1])
    if not ordered:
        return "No treatment in this study wins back more of it than chance could."
    (first, share), *others = ordered
    found = [f"treating {_TREATING.get(first, first)} wins back {_part(share)} of it"]
    found += [f"treating {_TREATING.get(name, name)} {_part(share)}" for name, share in others]
    return f"{_upper(listing(found))}."


def treatment_sentence(row: Attribution) -> str:
    """Says what a treatment wins back of an excess, and how sure that is."""
    won, lost = number(100 * row.recovered), number(100 * row.excess)
    name = treatment_label(row)
    if not math.isfinite(row.low):
        return f"{name}: too few seeds to tell what it wins back from chance."
    if row.established:
        some = f"{won} of the {lost} points"
        some = some if row.share <= 1 else f"{won} points, all of the {lost} that were lost"
        return f"{name} wins back {some} (share {_share(row)})."
    if row.high < 0:
        worse = number(-100 * row.recovered)
        return f"{name} wins back nothing: it adds {worse} points ({_range(-row.high, -row.low)})."
    sure = f"{won} points, {_range(row.low, row.high)}"
    return f"{name} wins back nothing that can be told from chance ({sure})."


def matched_sentences(study: Study) -> list[str]:
    """Says of each untreated group what gap its nets had when all had learned as much."""
    treated = {info.group for info in study.info.variants if info.treatment}
    sentences = []
    for group in dict.fromkeys(row.group for row in study.matched if row.group not in treated):
        rows = [row for row in study.matched if row.group == group]
        parts = [f"{_gap(row)} at {tables.label(study.info, row.variant)}" for row in rows]
        loss = rows[0].level
        level = (
            f"when train loss first was {f'{loss:.3g}' if loss < 100 else number(loss, 0)} or less"
        )
        sentences.append(f"In {group}, {level}, the gap was {listing(parts)}.")
    return sentences


def _gap(row: MatchedGap) -> str:
    mean, half = number(100 * row.gap), number(50 * (row.high - row.low))
    return f"{mean} ± {half} points" if math.isfinite(row.low) else f"{mean} points"


def no_excess_sentence(group: str, best: str, deeper: Sequence[str], seeds: int) -> str:
    """Says that no net of a group is worse than its best depth, as far as can be told.

    Args:
      group: What the nets share.
      best: Label of the best depth.
      deeper: Labels of the deeper nets; with none, the deepest is the best.
      seeds: Number of seeds of each.
    """
    if not deeper:
        return f"In {group}, no excess: the deepest net ({best}) is the best."
    if seeds < 2:
        return f"In {group}, one seed each: that a deeper net does worse may be chance."
    return (
        f"In {group}, no excess: {listing(deeper)} {'is' if len(deeper) == 1 else 'are'} not worse "
        f"than the best ({best}) by more than chance."
    )


def untreated_sentence() -> str:
    """Says that an excess stays unexplained for want of a treatment."""
    return "No treatment in this study changes these nets, so what is to blame stays open."


def settings_sentence(treatments: Sequence[Mapping[str, Any]]) -> str:
    """Says what each treatment sets, from the config."""
    found = []
    for row in treatments:
        fields = [_change(field, value) for field, value in row["settings"]]
        found.append(f"{plain(row['name'])} {listing(fields)}")
    return f"{_upper('; '.join(found))}." if found else ""


def recommendation_sentence(found: Recommendation, *, treated: bool) -> str:
    """Says in one sentence which net to take and what it costs.

    Args:
      found: The recommendation.
      treated: Whether the study has treatments at all.
    """
    group = found.group.removesuffix(f" + {found.treatment}")
    with_ = f" with {plain(found.treatment)}" if found.treatment else " without a treatment"
    known = found.low is not None and found.high is not None
    ends = max(0.0, found.low or 0.0), min(1.0, found.high or 0.0)
    sure = f" ({_range(*ends)}%)" if known else ""
    return (
        f"Take {group} at depth {found.depth}{with_ if treated else ''}: "
        f"test error {percent(found.test_error)}{sure}, {quantity(found.macs)} "
        f"multiply-accumulates an image, {quantity(found.parameters)} parameters, "
        f"{duration(found.seconds)} for a run."
    )


def reason_sentence(found: Recommendation) -> str:
    """Says why this net, and what it saves against the best and the deepest."""
    if found.best == found.variant and found.seeds < 2:
        text = "It errs least, on one seed."
    elif found.best == found.variant:
        text = "It errs least, and no cheaper net is within one standard error of it."
    else:
        text = (
            f"It is the cheapest net within one standard error of the best ({found.best}), "
            f"where it {_errs(found.over_best)} and {_takes(found.macs_saved_best)}."
        )
    if found.deepest in (found.variant, found.best):
        return text
    against = f"{_errs(found.over_deepest)} and {_takes(found.macs_saved_deepest)}"
    return f"{text} Against the deepest ({found.deepest}) it {against}."


def quantity(amount: int) -> str:
    """Returns ``"2.5 million"``, or ``"75,002"`` below a million."""
    for size, unit in _UNITS:
        if amount >= size:
            return f"{number(amount / size)} {unit}"
    return f"{amount:,}"


def _change(field: str, value: Any) -> str:
    return f"doubles {field}" if value == "double" else f"sets {field}={value}"


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


def _part(share: float) -> str:
    return "all" if share >= 0.995 else f"{number(100 * share, 0)}%"


def _share(row: Attribution) -> str:
    share = f"{number(100 * row.share, 0)}%"
    if not math.isfinite(row.share_low):
        return share
    low, high = number(100 * row.share_low, 0), number(100 * row.share_high, 0)
    return f"{share}, 95% interval {low} to {high}%"


def _range(low: float, high: float) -> str:
    return f"95% interval {number(100 * low)} to {number(100 * high)}"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
