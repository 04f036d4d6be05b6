"""The first screen: whether to go deeper, why, which net to take, and what to do next."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from depthstudy.records import Decomposition, DepthAnswer, NextStep
from depthstudy.report import tables
from depthstudy.report.blocks import Block, Command, Details, Items, Replies, Reply, Section, Text
from depthstudy.report.sections.answer.recommendation import errs, facts, none_sentence, taken
from depthstudy.report.sections.causes import attribution
from depthstudy.report.tables import Study
from depthstudy.report.text.formats import count, guess, number, sentence_case, signed, spaced
from depthstudy.report.text.sentences import treatment_name, unfinished_sentence

FIRST = "first"  # the look of a section that stands above the table of contents
_OPEN = 4  # groups beside the first that are told in full; more are folded
_TONES = {"yes": "yes", "no": "no", "not known yet": "open"}
_CAUSES = {
    "optimization": "It does not fit",
    "overfitting": "It overfits",
    "redundancy": "Its blocks are redundant",
    "receptive_field": "It sees beyond the image",
    "recipe": "The recipe does not suit it",
    "budget": "Too few steps",
}


def section(study: Study) -> Section | None:
    """Returns whether nets had finished, and the answers, or ``None`` where there are none."""
    banner = unfinished_sentence(study.summary)
    replies = (_deeper(study), _why(study), _take(study), _next(study))
    known = tuple(reply for reply in replies if reply)
    blocks: list[Block] = [Text(banner, "finding")] if banner else []
    blocks += [Replies(known)] if known else []
    return Section("In short", tuple(blocks), look=FIRST) if blocks else None


def _deeper(study: Study) -> Reply | None:
    answer = study.answer
    if answer is None or not answer.depths:
        return None
    headline = next(row for row in answer.depths if row.group == answer.group)
    others = [row for row in answer.depths if row is not headline]
    return Reply(
        "Go deeper?",
        sentence_case(headline.word),
        _TONES[headline.word],
        depth_sentence(study, headline),
        _others(study, others),
    )


def _others(study: Study, rows: Sequence[DepthAnswer]) -> tuple[Block, ...]:
    sentences = []
    for row in rows:
        sentence = depth_sentence(study, row)
        sentences.append(f"{sentence_case(row.word)}: {sentence[0].lower()}{sentence[1:]}")
    if not sentences:
        return ()
    items = Items.plain(sentences, "others")
    if len(rows) <= _OPEN:
        return (items,)
    words = Counter(row.word for row in rows)
    tally = ", ".join(f"{word} {number_of}" for word, number_of in words.most_common())
    return (Details(f"Of {len(rows)} other groups: {tally}", (items,), "others-of"),)


def depth_sentence(study: Study, row: DepthAnswer) -> str:
    """Says what the greatest depth of a group does to the test error, and what is missing."""
    deep, other = (tables.label(study.info, name) for name in (row.deepest, row.against))
    text = f"In {row.group}, {deep} {errs(row.effect, other)}"
    if row.low is not None and row.high is not None:
        text += f" (between {signed(row.low)} and {signed(row.high)} points)"
    return " ".join(filter(None, [f"{text}.", missing(row), bound_sentence(row, other)]))


def missing(row: DepthAnswer) -> str:
    """Says what would tell, where it is not known whether to go deeper."""
    if row.word != "not known yet":
        return ""
    if not row.learned:
        return "No depth is better than always giving the same answer, so nothing can be told."
    if row.seeds < 3:
        return f"With {count(row.seeds, 'seed')} that may be chance; it takes three or more."
    if row.seeds_needed:
        return f"That may be chance; about {row.seeds_needed} seeds would tell."
    if row.images_needed:
        return f"That may be chance; about {row.images_needed:,} test images would tell, not seeds."
    return "That may be chance."


def bound_sentence(row: DepthAnswer, other: str) -> str:
    """Says where the answer may be one about the length of the training, or about the recipe.

    Args:
      row: The answer.
      other: Label of the net that the deepest is set against.
    """
    longer, tuned = map(_left, (row.effect_longer, row.effect_own_settings))
    match row.bound:
        case "budget":
            return f"It lacks steps: trained longer, {longer}."
        case "recipe":
            return (
                "The shared recipe makes it look worse: with the settings that suit each net, "
                f"{tuned}."
            )
        case "unfinished":
            return "It was still improving when its training ended, so longer training may help."
    if row.effect_longer is None or row.word != "no":
        return ""
    return f"With both trained longer, it {errs(row.effect_longer, other)}."


def _left(effect: float | None) -> str | None:
    """Says what of a loss is left, or won."""
    if effect is None:
        return None
    points = number(100 * abs(effect))
    if points == "0.0":
        return "nothing is left"
    return f"{points} points are left" if effect > 0 else f"it errs {points} points less"


def _why(study: Study) -> Reply | None:
    """Speaks of the greatest loss of any group of whole, untreated nets."""
    whole = tables.whole_nets(study)
    untreated = tables.untreated_series(whole)
    lost = [
        row
        for row in whole.decomposition
        if row.part == "total" and row.established and row.group in untreated
    ]
    if not lost:
        return None
    worst = max(lost, key=lambda row: row.effect)
    rows = attribution.of_excess(study, worst)
    best = max(
        (row for row in rows if row.established and not row.control_of),
        key=lambda row: row.share if math.isfinite(row.share) else 0.0,
        default=None,
    )
    parts: dict[str, Decomposition] = {
        row.part: row
        for row in whole.decomposition
        if (row.group, row.variant) == (worst.group, worst.variant)
    }
    deep, other = (tables.label(study.info, name) for name in (worst.variant, worst.best))
    split = split_sentence(parts, deep, other)
    if best is not None:
        part = attribution.part_of(best.share)
        won = f"{sentence_case(treatment_name(best.treatment))} wins back {part} of it."
        word = _CAUSES.get(best.mechanism, sentence_case(spaced(best.mechanism)))
        return Reply("Why", word, "", f"{split} {won}")
    answers = study.answer.depths if study.answer else ()
    pair = (worst.variant, worst.best)
    answer = next((row for row in answers if (row.deepest, row.against) == pair), None)
    if answer is not None and answer.bound in ("budget", "recipe"):
        kept = answer.effect_longer if answer.bound == "budget" else answer.effect_own_settings
        part = ", in part" if number(100 * max(0.0, kept or 0.0)) != "0.0" else ""
        return Reply(
            "Why", f"{_CAUSES[answer.bound]}{part}", "", f"{split} {bound_sentence(answer, other)}"
        )
    left = attribution.credit_sentence(rows) if rows else attribution.open_sentence(whole, worst)
    return Reply("Why", "Not known", "", f"{split} {left}")


def split_sentence(parts: Mapping[str, Decomposition], deep: str, other: str) -> str:
    """Says whether a deep net that does worse fails on the images it learns from, or on new ones.

    Args:
      parts: Its excess in all, and the parts of it by their names.
      deep: Label of the net.
      other: Label of the best depth.
    """
    worst, train = parts["total"], parts["optimization"]
    text = (
        f"In {worst.group}, {deep} errs {number(100 * worst.effect)} points more than {other} on "
        "new images"
    )
    more = number(100 * train.effect)
    is_fit = train.effect >= worst.effect / 2
    if is_fit and train.established:
        return f"{text}, and {more} more on the very images it learns from: it fails to fit them."
    if not is_fit and parts["generalization"].established:
        return f"{text}, but {more} on those it learns from: what it learns does not carry over."
    return (
        f"{text}, and {more} on those it learns from. Whether it fails to fit them, or what it "
        "learns does not carry over, cannot be told."
    )


def _take(study: Study) -> Reply | None:
    choice = study.recommendation
    if choice is None:
        reason = none_sentence(study)
        return Reply("Take", "None", "", reason) if reason else None
    more = "" if choice.enough else " The evidence is not enough to prefer any net."
    return Reply("Take", sentence_case(taken(study, choice)), "", f"{facts(study, choice)}{more}")


def _next(study: Study) -> Reply | None:
    if study.answer is None:
        return None
    step = study.answer.next
    return Reply("Next", "", "", next_sentence(step), _command(step))


def next_sentence(step: NextStep) -> str:
    """Says what to do next and how long it takes."""
    if step.seconds is None or not step.command:
        return step.reason
    return f"{step.reason} It takes about {guess(step.seconds)}."


def _command(step: NextStep) -> tuple[Block, ...]:
    return (Command(step.command),) if step.command else ()
