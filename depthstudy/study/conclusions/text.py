"""What a study says as a few lines of text, for the terminal: 80 columns, effects in points."""

from __future__ import annotations

import math
import textwrap

from depthstudy.evidence.panel import LEAST_SEEDS
from depthstudy.records import (
    Attribution,
    DepthAnswer,
    NextStep,
    NoChoice,
    Recommendation,
    Robustness,
    Verdict,
    in_words,
)
from depthstudy.report.text.formats import count
from depthstudy.report.text.quantities import Quantity, quantity
from depthstudy.report.text.sentences import run_noun, unequal_sentence, unfinished_sentence
from depthstudy.study.conclusions.conclude import Result
from depthstudy.study.facts import data_info

_WIDTH = 80
_MARGIN = 14  # columns of the words on the left
_ERRORS = {"error": "test error", "balanced_error": "balanced test error"}  # by config.metric
_TEST_ERROR = quantity("test_error", {})
_NONE: dict[NoChoice, str] = {
    "nothing learned": "no net is better than always giving the same answer",
    "several data sets": "nets have several data sets, so that none can be compared",
    "unequal budgets": "each net saw another number of images, so that none can be compared",
    "nothing learned at equal budget": (
        "of nets that saw as many images, none is better than always giving the same answer"
    ),
}


def conclusion(result: Result) -> str:
    """Returns the answer, a paragraph a verdict and a cause, the net to take, and what is next."""
    statements = {h["name"]: h for h in result.info.config["hypotheses"]}
    robust = {row.hypothesis: row for row in result.findings.robustness}
    paragraphs = [_data(line) for info in result.data[:1] for line in data_info.paragraphs(info)]
    shown = {info.name for info in result.info.variants}
    if unfinished := unfinished_sentence(result.summary[result.summary["variant"].isin(shown)]):
        paragraphs.append(_entry("unfinished", unfinished))
    if result.answer:
        paragraphs += [
            _entry(f"deeper: {_WORDS[d.word]}", _deeper(d)) for d in result.answer.depths
        ]
    for verdict in result.verdicts:
        hypothesis = statements[verdict.hypothesis]
        about = quantity(hypothesis["metric"], result.info.metrics)
        text = f"{hypothesis['statement']} {_numbers(verdict, about, run_noun(hypothesis))}"
        more = _robust(robust.get(verdict.hypothesis), about)
        parts = (text, more, unequal_sentence(verdict), _left_out(verdict))
        paragraphs.append(_entry(verdict.verdict, " ".join(filter(None, parts))))
    paragraphs += [
        _entry("cause", f"{_cause(row)} {unequal_sentence(row)}".strip())
        for row in result.attribution
        if row.established and not row.control_of
    ]
    if result.recommendation:
        is_taken = result.summary["variant"] == result.recommendation.variant
        majority = float(result.summary.loc[is_taken, "majority_error"].max())
        name = _ERRORS[result.info.config.get("metric", "error")]
        paragraphs.append(_entry("take", _take(result.recommendation, name, majority)))
    elif result.answer and result.answer.no_choice:
        paragraphs.append(_entry("take", f"none: {_NONE[result.answer.no_choice]}"))
    if result.answer:
        paragraphs.append(_next(result.answer.next))
    seconds = ", ".join(f"{part} {time:.0f} s" for part, time in result.info.seconds.items())
    shared = f" in {result.info.processes} processes" if result.info.processes > 1 else ""
    return "\n".join([*paragraphs, "", f"{seconds}{shared}"])


def _data(line: str) -> str:
    """Returns a line on the images, beside its first word where it begins with one."""
    word, _, text = line.partition(": ") if line.startswith("data: ") else ("", "", line.strip())
    return _entry(word, text)


_WORDS = {"yes": "yes", "no": "no", "not known yet": "?"}


def _entry(word: str, text: str) -> str:
    """Returns a paragraph with a word on its left."""
    return textwrap.fill(
        in_words(text),
        _WIDTH,
        initial_indent=f"{word:>{_MARGIN - 2}}  ",
        subsequent_indent=" " * _MARGIN,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _signed(about: Quantity, value: float) -> str:
    """Returns a change with its sign and unit, with a minus that every terminal has."""
    return about.signed(value).replace("−", "-")


def _bare(about: Quantity, value: float) -> str:
    """Returns a change with its sign, without its unit."""
    return _signed(about, value).partition(" ")[0]


def _numbers(verdict: Verdict, about: Quantity, noun: str) -> str:
    if verdict.verdict == "not tested":
        return f"(no {'runs' if verdict.missing else 'variants'} to compare)"
    effect = _signed(about, verdict.effect)
    if math.isnan(verdict.p) and verdict.no_better:
        return f"({effect})"
    runs = count(verdict.seeds, noun)
    if math.isnan(verdict.low):
        agree = (
            "" if verdict.seeds < LEAST_SEEDS else ", as all agree, too few to tell their spread"
        )
        return f"({effect}; {runs}: no interval{agree})"
    ends = f"{_bare(about, verdict.low)} to {_bare(about, verdict.high)}"
    return f"({effect}, {100 * verdict.level:.3g}% interval {ends}, {runs}{_settle(verdict, noun)})"


def _settle(verdict: Verdict, noun: str) -> str:
    failed = f"; failed: {verdict.failed}" if verdict.failed else ""
    if verdict.seeds_to_settle:
        return f"{failed}; {verdict.seeds_to_settle} {noun}s would settle it"
    if verdict.images_to_settle:
        return f"{failed}; {verdict.images_to_settle:,} test images, not {noun}s, would settle it"
    return failed


def _robust(row: Robustness | None, about: Quantity) -> str:
    """Says what becomes of a verdict with other recipes."""
    if row is None or not row.word:
        return ""
    effects = (
        ("with own settings", row.effect_own_settings),
        ("trained longest", row.effect_longer),
    )
    known = [
        f"{words} {_bare(about, effect)}" for words, effect in effects if math.isfinite(effect)
    ]
    if row.word == "budget-bound" and not math.isfinite(row.effect_longer):
        known.append("not both trained longer" + (", and not finished" if row.unfinished else ""))
    details = f": {', '.join(known)}" if known else ""
    return f"{row.word.capitalize()}{details}."


def _deeper(row: DepthAnswer) -> str:
    text = f"{row.deepest} against {row.against}: {_signed(_TEST_ERROR, row.effect)}"
    if row.low is not None and row.high is not None:
        ends = f"{_bare(_TEST_ERROR, row.low)} to {_bare(_TEST_ERROR, row.high)}"
        text += f" of test error ({ends})"
    if row.bound:
        text += {
            "budget": "; for lack of steps",
            "recipe": "; for want of a recipe of its own",
            "unfinished": "; it had not finished",
        }[row.bound]
    if not row.learned:
        text += "; no depth is better than always giving the same answer"
    elif row.word == "not known yet" and row.seeds < LEAST_SEEDS:
        text += f"; it takes {LEAST_SEEDS} seeds or more"
    elif row.word == "not known yet" and row.seeds_needed:
        text += f"; {row.seeds_needed} seeds would tell"
    elif row.word == "not known yet" and row.images_needed:
        text += f"; {row.images_needed:,} test images would tell"
    return text


def _left_out(verdict: Verdict) -> str:
    """Says which nets a verdict cannot rest on."""
    reasons = {
        "No better than always giving the same answer": verdict.no_better,
        "No run has this number": verdict.missing,
    }
    return " ".join(f"{reason}: {names}." for reason, names in reasons.items() if names)


def _cause(row: Attribution) -> str:
    share = f"{100 * row.share:.0f}%"
    if math.isfinite(row.share_low):
        share += f", 95% interval {100 * row.share_low:.0f} to {100 * row.share_high:.0f}%"
    treatment = in_words(row.treatment).replace("_", " ")
    return (
        f"{row.variant}: {row.mechanism.replace('_', ' ')}; {treatment} wins back "
        f"{100 * row.recovered:.1f} of {100 * row.excess:.1f} points ({share}, {row.seeds} seeds)"
    )


def _take(choice: Recommendation, error: str, majority: float) -> str:
    text = f"{choice.variant}: {error} {100 * choice.test_error:.1f}%"
    if choice.low is not None and choice.high is not None:
        text += f" ({100 * choice.low:.1f} to {100 * choice.high:.1f}%)"
    if math.isfinite(majority):
        text += f" (largest class always: {100 * majority:.1f}%)"
    more = "" if choice.enough else "; not enough evidence to prefer any net"
    return f"{text}, {choice.macs:,} MACs, {choice.seconds:.1f} s a run{more}"


def _next(step: NextStep) -> str:
    """Returns what to do next; a command stands on a line of its own, to be copied."""
    text = _entry("next", step.reason)
    return f"{text}\n{' ' * _MARGIN}{step.command}" if step.command else text
