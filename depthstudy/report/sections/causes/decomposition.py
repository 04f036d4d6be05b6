"""Where the accuracy of deeper nets went: into optimization or into generalization."""

from __future__ import annotations

import math
from collections.abc import Mapping

from markupsafe import Markup

from depthstudy.records import Decomposition, MatchedGap
from depthstudy.report import tables
from depthstudy.report.blocks import (
    Block,
    Charts,
    Figure,
    Heading,
    Items,
    Key,
    Mark,
    Picture,
    Section,
    Text,
)
from depthstudy.report.charts.depth import bars
from depthstudy.report.sections.causes.no_excess import best_in_words
from depthstudy.report.sections.errors import best_of
from depthstudy.report.tables import Study
from depthstudy.report.text.formats import count, listing, number, sentence_case

_TITLE = "Where the accuracy went"
_INTRODUCTION = Markup(
    "Test error is train error plus the gap between the two. What a deeper net loses is therefore "
    'the sum of what it fails to fit (<b class="optimization">optimization</b>) and of what it '
    'fails to carry over to new images (<b class="generalization">generalization</b>).'
)
_NOTHING = (
    "There is nothing to split: no net in this study is deeper than the best one of its group."
)
_MATCHED = (
    "A net that learned little has little gap to show. So here all nets of a row are looked at "
    "when they had learned as much as the worst of them ends up with. The gap is validation error "
    "minus train error, as test images are looked at in the end only."
)
_PLAIN = " Both are plain shares of images, not balanced."


def section(study: Study) -> Section:
    """Returns the parts of what deeper nets lose, and their gaps at matched train loss."""
    whole = tables.whole_nets(study)
    untreated = tables.untreated_series(whole)
    groups = [g for g in dict.fromkeys(row.group for row in whole.decomposition) if g in untreated]
    panels = {group: bars.part_panel(whole, group) for group in groups}
    if not groups:
        return Section(_TITLE, (Text(_NOTHING, "note"), *_matched(whole)))
    unsplit = [
        unsplit_sentence(
            group, tables.label(whole.info, _deepest(whole, group)), best_in_words(whole, group)
        )
        for group in best_of(whole)
        if group not in groups and group in untreated
    ]
    blocks = (
        Text(_INTRODUCTION, "note"),
        Key(
            (
                *(Mark(part, "bar", f"var(--{part})") for part in bars.PARTS),
                Mark("95% interval", "whisker"),
            )
        ),
        *(
            Figure((Text(_deepest_sentence(whole, group), "finding"), Charts((panel,), "one")))
            for group, panel in panels.items()
        ),
        *(Text(sentence, "note") for sentence in unsplit),
        *_matched(whole),
    )
    note = tables.figure_note(study, "lines are 95% intervals")
    key = tuple((part, f"var(--{part})") for part in bars.PARTS)
    picture = Picture("decomposition", _TITLE, (note,), tuple(panels.values()), 1, 620, key)
    return Section(_TITLE, blocks, (picture,))


def _matched(study: Study) -> tuple[Block, ...]:
    sentences = matched_sentences(study)
    if not sentences:
        return ()
    title = Heading("Gap at matched train loss")
    note = _MATCHED + (_PLAIN if study.is_balanced else "")
    return (title, Text(note, "note"), Items.plain(sentences, "matched"))


def _deepest(study: Study, group: str) -> str:
    """Returns the deepest net of a group that has runs."""
    series = tables.depth_series(study.info)[group]
    return [i.name for i in series if tables.mean(study, i.name, "test_error").seeds][-1]


def _deepest_sentence(study: Study, group: str) -> str:
    """Speaks of the deepest variant of a group."""
    rows = [row for row in study.decomposition if row.group == group]
    depths = {info.name: info.depth for info in study.info.variants}
    deepest = max(rows, key=lambda row: depths.get(row.variant, 0)).variant
    parts: dict[str, Decomposition] = {row.part: row for row in rows if row.variant == deepest}
    labels = (tables.label(study.info, name) for name in (deepest, rows[0].best))
    return decomposition_sentence(parts, group, *labels)


def decomposition_sentence(
    parts: Mapping[str, Decomposition], group: str, variant: str, best: str
) -> str:
    """Says what part of the lost accuracy is optimization and what part generalization.

    Args:
      parts: The three rows of a variant, by their ``part``.
      group: What the variants share.
      variant: Label of the deeper variant, as ``"depth 56"``.
      best: Label of the one that it is compared with.
    """
    total, train, gap = (parts[name] for name in ("total", "optimization", "generalization"))
    lost = number(100 * total.effect)
    if total.effect <= 0 or lost == "0.0":
        text = f"In {group}, {variant} is not seen to err more than {best}."
        return f"{text} {_certainty(total)}".strip()
    shares = [_share(row) for row in sorted((train, gap), key=lambda row: -row.effect)]
    if not any(shares):
        text = f"In {group}, {variant} loses {lost} points against {best}, too few to split."
    elif min(train.effect, gap.effect) >= 0:
        split = listing([share for share in shares if share])
        text = f"Of the {lost} points that {group} at {variant} loses against {best}, {split}."
    else:
        text = (
            f"In {group}, {variant} loses {lost} points against {best}: "
            f"train error is {_more(train.effect, 'higher', 'lower')} (optimization), "
            f"the gap {_more(gap.effect, 'larger', 'smaller')} (generalization)."
        )
    return f"{text} {_certainty(total)}".strip()


def _share(row: Decomposition) -> str:
    size = number(100 * row.effect)
    if size == "0.0":
        return ""
    return f"{size} are {'train error' if row.part == 'optimization' else 'gap'} ({row.part})"


def _more(effect: float, more: str, less: str) -> str:
    return f"{number(100 * abs(effect))} points {more if effect > 0 else less}"


def _certainty(total: Decomposition) -> str:
    if not math.isfinite(total.low):
        return f"{count(total.seeds, 'seed').capitalize()}: no interval, so this may be chance."
    if total.word == "no excess":
        if total.high <= 0:
            return "No excess: it errs less."
        return f"No excess: it is less than a point (at most {number(100 * total.high)})."
    if not total.established:
        return f"Cannot tell whether anything is lost: up to {number(100 * total.high)} points."
    return ""


def unsplit_sentence(group: str, deepest: str, best: str = "the best") -> str:
    """Says why a group has no lost accuracy to split."""
    return f"In {group}, the deepest net ({deepest}) is {best}, so there is nothing to split."


def matched_sentences(study: Study) -> list[str]:
    """Says of each untreated group what gap its nets had when all had learned as much."""
    untreated = tables.untreated_groups(study)
    sentences = []
    for group in dict.fromkeys(row.group for row in study.matched if row.group in untreated):
        rows = [row for row in study.matched if row.group == group]
        matched = [row for row in rows if row.matched]
        others = [tables.label(study.info, row.variant) for row in rows if not row.matched]
        rest = f"{sentence_case(listing(others))} cannot be matched: when first evaluated, "
        rest += f"{'it' if len(others) == 1 else 'they'} had learned more than the worst ends with."
        lost = _diverged_sentence(study, group)
        if others and len(matched) < 2:
            sentences.append(f"In {group}, cannot compare. {rest} {lost}".strip())
            continue
        parts = [f"{_gap(row)} at {tables.label(study.info, row.variant)}" for row in matched]
        loss = rows[0].level
        level = (
            f"when train loss first was {f'{loss:.3g}' if loss < 100 else number(loss, 0)} or less"
        )
        gaps = f"In {group}, {level}, the gap was {listing(parts)}."
        sentences.append(" ".join(filter(None, [gaps, rest if others else "", lost])))
    return sentences


def _diverged_sentence(study: Study, group: str) -> str:
    """Names the nets of a group that are not compared, as all their runs diverged."""
    runs, diverged = study.summary["variant"].value_counts(), tables.divergences(study)
    labels = [
        tables.label(study.info, info.name)
        for info in study.info.variants
        if info.group == group
        and info.name in diverged
        and diverged[info.name].runs == runs.get(info.name)
    ]
    verb = "is" if len(labels) == 1 else "are"
    return f"{sentence_case(listing(labels))} {verb} left out: all runs diverged." if labels else ""


def _gap(row: MatchedGap) -> str:
    mean, half = number(100 * row.gap), number(50 * (row.high - row.low))
    return f"{mean} ± {half} points" if math.isfinite(row.low) else f"{mean} points"
