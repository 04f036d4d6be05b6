"""What the study says of its hypotheses: word, sign, claim and evidence of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from depthstudy.report.blocks import Details, Section, Text, Verdict, Verdicts
from depthstudy.report.sections.verdicts.numbers import numbers
from depthstudy.report.sections.verdicts.recipes import recipes
from depthstudy.report.sections.verdicts.robustness import robustness_sentence
from depthstudy.report.sections.verdicts.sentences import meaning, verdict_sentence
from depthstudy.report.tables import Study, whole_nets
from depthstudy.report.text.formats import DASH, listing
from depthstudy.report.text.quantities import quantity
from depthstudy.report.text.sentences import run_noun

_METHOD = (
    Markup(
        "<b>Seeds and images.</b> Every variant is trained several times from different random "
        "starts, and tested on the same images. Both are drawn by chance: another start, or other "
        "images of the kind, would give other numbers."
    ),
    Markup(
        "<b>Interval.</b> From how much seeds and images differ follows a range that holds the "
        "true effect, as often as its confidence says. A wide range means that the seeds disagree, "
        "or that seeds or images are few. The interval shown is the one that decides."
    ),
    Markup(
        "<b>p.</b> How often chance alone would show so much. The more hypotheses a study asks "
        "about, and the more often it looks, the stricter it is (Holm’s correction, spent error)."
    ),
    Markup(
        "<b>“No difference”.</b> Shown only if the whole effect is smaller than a margin that was "
        "set beforehand (two one-sided tests). Failing to find a difference is not enough."
    ),
    Markup(
        "<b>Several comparisons.</b> A claim about several nets is as good as its worst part, and "
        "that part’s effect is shown; all of them are below “Numbers”."
    ),
    Markup(
        "<b>Words.</b> <i>Supported</i>: the evidence is for the statement. <i>Refuted</i>: it is "
        "against. <i>Inconclusive</i>: chance cannot be ruled out either way. <i>Not tested</i>: "
        "the study holds no such comparison."
    ),
)
_BALANCED = "Errors are balanced: the mean over the classes of the error of each."
SYMBOLS = {"supported": "✓", "refuted": "✕", "inconclusive": "?", "not tested": DASH}


def section(study: Study) -> Section:
    """Returns the verdicts, and how they are made."""
    cards = verdicts(whole_nets(study))
    if not cards:
        nothing = Text("This study asks no hypotheses; what it measured is below.", "tally")
        return Section("Verdicts", (nothing,))
    method = Details("How a verdict is made", tuple(map(Text, _METHOD)), "method")
    blocks = (
        *((Text(_BALANCED, "finding"),) if study.is_balanced else ()),
        Text(tally([card.word for card in cards]), "tally"),
        Verdicts(tuple(cards)),
        *recipes(study, hypotheses(study)),
        method,
    )
    return Section("Verdicts", blocks)


def hypotheses(study: Study) -> list[dict[str, Any]]:
    """Returns the hypotheses of the config, and bare ones for verdicts that it does not know."""
    known = [dict(row) for row in study.info.config.get("hypotheses") or ()]
    names = {row["name"] for row in known}
    others = [row.hypothesis for row in study.verdicts if row.hypothesis not in names]
    return known + [{"name": name, "statement": name} for name in others]


def verdicts(study: Study) -> list[Verdict]:
    """Returns word, symbol, statement and sentences of each hypothesis."""
    by_name = {verdict.hypothesis: verdict for verdict in study.verdicts}
    robust = {row.hypothesis: row for row in study.robustness}
    cards = []
    for hypothesis in hypotheses(study):
        verdict = by_name.get(hypothesis["name"])
        word = verdict.verdict if verdict else "not tested"
        sentence = verdict_sentence(hypothesis, verdict, study.info.metrics)
        about = quantity(hypothesis.get("metric", ""), study.info.metrics)
        if hypothesis["name"] in robust:
            margin = hypothesis.get("margin", 0.0)
            more = robustness_sentence(robust[hypothesis["name"]], about, margin)
            sentence = f"{sentence} {more}".strip()
        cards.append(
            Verdict(
                word,
                SYMBOLS[word],
                hypothesis["statement"],
                sentence,
                meaning(verdict, about, run_noun(hypothesis)),
                numbers(verdict, about),
            )
        )
    return cards


def tally(verdicts: Sequence[str]) -> str:
    """Counts the verdicts: ``"Of 3 hypotheses, 2 are supported and 1 is inconclusive."``."""
    parts = []
    for word in SYMBOLS:
        times = verdicts.count(word)
        if times:
            parts.append(f"{times} {'is' if times == 1 else 'are'} {word}")
    noun = "hypothesis" if len(verdicts) == 1 else "hypotheses"
    return f"Of {len(verdicts)} {noun}, {listing(parts)}."
