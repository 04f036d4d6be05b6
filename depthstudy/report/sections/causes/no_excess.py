"""Nets that are not shown to do worse for their depth: where that is none, and where it is open."""

from __future__ import annotations

from collections.abc import Sequence

from depthstudy.evidence.causes.decomposition import MARGIN
from depthstudy.records import Decomposition
from depthstudy.report import tables
from depthstudy.report.tables import Study
from depthstudy.report.text.formats import listing, number


def healthy(study: Study) -> list[str]:
    """Returns a sentence for each untreated group with nets of which no excess is shown."""
    answers = {row.group: row for row in study.answer.depths} if study.answer else {}
    sentences = []
    for group, infos in tables.depth_series(study.info).items():
        known = [info for info in infos if tables.mean(study, info.name, "test_error").seeds]
        if infos[0].treatment or len(known) < 2:
            continue
        rows = [row for row in excesses(study) if row.group == group]
        none = [row for row in rows if not row.established]
        if not rows:
            answer, deepest = answers.get(group), known[-1].name
            most = answer.excess_high if answer and answer.deepest == deepest else None
            sentences.append(deepest_sentence(group, tables.label(study.info, deepest), most))
        if none:
            label = tables.label(study.info, none[0].best)
            labeled = [(tables.label(study.info, row.variant), row) for row in reversed(none)]
            sentences.append(no_excess_sentence(group, label, labeled))
    return sentences


def excesses(study: Study) -> list[Decomposition]:
    """Returns the excess of each untreated net, the deepest of each group first."""
    untreated = tables.untreated_series(study)
    rows = [r for r in study.decomposition if r.part == "total" and r.group in untreated]
    groups = list(dict.fromkeys(row.group for row in rows))
    return [row for group in groups for row in reversed(rows) if row.group == group]


def no_excess_sentence(group: str, best: str, deeper: Sequence[tuple[str, Decomposition]]) -> str:
    """Says which nets of a group are not worse than its best depth, and of which it cannot tell.

    Args:
      group: What the nets share.
      best: Label of the best depth.
      deeper: Labels of the deeper nets, and their excess.
    """
    if min(row.seeds for _, row in deeper) < 2:
        return f"In {group}, one seed each: that a deeper net does worse may be chance."
    none = [label for label, row in deeper if row.word == "no excess"]
    parts = []
    if none:
        verb = "is" if len(none) == 1 else "are"
        parts.append(f"no excess: {listing(none)} {verb} within a point of the best ({best})")
    for label, row in deeper:
        if row.word != "no excess":
            most = number(100 * row.high)
            parts.append(f"{label} may err up to {most} points more than the best ({best})")
    return f"In {group}, {'; '.join(parts)}."


def deepest_sentence(group: str, deepest: str, most: float | None) -> str:
    """Says whether the deepest net of a group, the best one, may do worse than a lesser one.

    Args:
      group: What the nets share.
      deepest: Label of the net.
      most: What it may err more than a lesser one, at most; ``None`` where that cannot be told.
    """
    best = f"the deepest net ({deepest}) is the best"
    if most is None:
        return f"In {group}, cannot tell: that {best} may be chance."
    if most < MARGIN:
        return f"In {group}, no excess: {best}, or is within a point of it."
    more = number(100 * most)
    return f"In {group}, cannot tell: {best}, but may err up to {more} points more than another."
