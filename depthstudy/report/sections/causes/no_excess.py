"""Nets that are not shown to do worse for their depth: where that is none, and where it is open."""

from __future__ import annotations

from collections.abc import Sequence

from depthstudy.evidence.causes.decomposition import MARGIN
from depthstudy.evidence.metrics import to_choose_by
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
            label = tables.label(study.info, deepest)
            sentences.append(deepest_sentence(group, label, most, best_in_words(study, group)))
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
        verb = "errs" if len(none) == 1 else "err"
        parts.append(
            f"no excess: {listing(none)} {verb} at most a point more than the best ({best})"
        )
    for label, row in deeper:
        if row.word != "no excess":
            most = number(100 * row.high)
            parts.append(f"{label} may err up to {most} points more than the best ({best})")
    return f"In {group}, {'; '.join(parts)}."


def best_in_words(study: Study, group: str) -> str:
    """Returns what the best depth of a group is called, by what it was chosen on."""
    names = [info.name for info in tables.depth_series(study.info)[group]]
    runs = study.summary[study.summary["variant"].isin(names)]
    held_out = to_choose_by(runs) == "validation_error"
    return "the best by validation error" if held_out else "the best"


def deepest_sentence(group: str, deepest: str, most: float | None, best: str = "the best") -> str:
    """Says whether the deepest net of a group, the best one, may do worse than a lesser one.

    Args:
      group: What the nets share.
      deepest: Label of the net.
      most: What it may err more than a lesser one, at most; ``None`` where that cannot be told.
      best: What the best depth is called.
    """
    it = f"the deepest net ({deepest}) is {best}"
    if most is None:
        return f"In {group}, cannot tell: that {it} may be chance."
    if most < MARGIN:
        return f"In {group}, no excess: {it}, and errs less than a point more than any other."
    more = number(100 * most)
    return f"In {group}, cannot tell: {it}, but may err up to {more} points more than another."
