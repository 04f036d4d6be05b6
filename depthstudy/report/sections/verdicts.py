"""What the study says of its hypotheses: word, sign, claim and evidence of each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from depthstudy import records
from depthstudy.report.blocks import Details, Section, Text, Verdict, Verdicts
from depthstudy.report.tables import Study, whole_nets
from depthstudy.report.text.formats import (
    DASH,
    count,
    listing,
    p_value,
    sentence_case,
)
from depthstudy.report.text.quantities import Catalogue, Quantity, quantity

_METHOD = (
    Markup(
        "<b>Seeds.</b> Every variant is trained several times from different random starts. "
        "Variants are compared seed by seed: the same seed sees the same images in the same order."
    ),
    Markup(
        "<b>Interval.</b> From how much the seeds differ follows a range that holds the true "
        "effect in 95 of 100 such studies (Student’s t). A wide range means that the seeds "
        "disagree, or are few."
    ),
    Markup(
        "<b>p.</b> How often chance alone would show so much. The more hypotheses a study asks "
        "about, the stricter it is (Holm’s correction)."
    ),
    Markup(
        "<b>“No difference”.</b> Shown only if the whole effect is smaller than a margin that was "
        "set beforehand (two one-sided tests). Failing to find a difference is not enough."
    ),
    Markup(
        "<b>Words.</b> <i>Supported</i>: the evidence is for the statement. <i>Refuted</i>: it is "
        "against. <i>Inconclusive</i>: chance cannot be ruled out either way. <i>Not tested</i>: "
        "the study holds no such comparison."
    ),
)
SYMBOLS = {"supported": "✓", "refuted": "✕", "inconclusive": "?", "not tested": DASH}
_RELATIVE = {"greater", "less", "equivalent", "not_greater"}


def section(study: Study) -> Section:
    """Returns the verdicts, and how they are made."""
    cards = verdicts(whole_nets(study))
    if not cards:
        nothing = Text("This study asks no hypotheses; what it measured is below.", "tally")
        return Section("Verdicts", (nothing,))
    method = Details("How a verdict is made", tuple(map(Text, _METHOD)), "method")
    banner = unfinished_sentence(study)
    blocks = (
        *((Text(banner, "finding"),) if banner else ()),
        Text(tally([card.word for card in cards]), "tally"),
        Verdicts(tuple(cards)),
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
    """Returns word, symbol, statement and sentence of each hypothesis."""
    by_name = {verdict.hypothesis: verdict for verdict in study.verdicts}
    robust = {row.hypothesis: row for row in study.robustness}
    cards = []
    for hypothesis in hypotheses(study):
        verdict = by_name.get(hypothesis["name"])
        word = verdict.verdict if verdict else "not tested"
        sentence = verdict_sentence(hypothesis, verdict, study.info.metrics)
        about = quantity(hypothesis.get("metric", ""), study.info.metrics)
        if hypothesis["name"] in robust:
            more = robustness_sentence(robust[hypothesis["name"]], about)
            sentence = f"{sentence} {more}".strip()
        cards.append(Verdict(word, SYMBOLS[word], hypothesis["statement"], sentence))
    return cards


def unfinished_sentence(study: Study) -> str:
    """Says how many nets had runs that were still improving; ``""`` where there are none."""
    table = study.summary
    if "unfinished" not in table.columns or not table["unfinished"].any():
        return ""
    names = table.loc[table["unfinished"], "variant"].unique()
    return (
        f"{len(names)} of {table['variant'].nunique()} nets had not finished: their train loss was "
        "still falling at the end. What is said of them may hold for this length of training only."
    )


_ROBUST = {
    "robust": "Robust: it holds with each net at its own settings and trained longer",
    "recipe-bound": "Recipe-bound: it does not hold with each net at its own settings",
    "budget-bound": "Budget-bound: it depends on how long the nets are trained",
    "settled by training longer": "Settled by training longer: it is gone then",
}


def robustness_sentence(row: records.Robustness, about: Quantity) -> str:
    """Says what becomes of a verdict with tuned nets, and with longer trainings."""
    if not row.word:
        return ""
    parts = [
        f"{words} {about.signed(effect)}"
        for words, effect in (
            ("own settings", row.effect_own_settings),
            ("longest training", row.effect_longer),
        )
        if math.isfinite(effect)
    ]
    return f"{_ROBUST[row.word]}{f' ({listing(parts)})' if parts else ''}."


def tally(verdicts: Sequence[str]) -> str:
    """Counts the verdicts: ``"Of 3 hypotheses, 2 are supported and 1 is inconclusive."``."""
    parts = []
    for word in SYMBOLS:
        times = verdicts.count(word)
        if times:
            parts.append(f"{times} {'is' if times == 1 else 'are'} {word}")
    noun = "hypothesis" if len(verdicts) == 1 else "hypotheses"
    return f"Of {len(verdicts)} {noun}, {listing(parts)}."


def verdict_sentence(
    hypothesis: Mapping[str, Any], verdict: records.Verdict | None, catalogue: Catalogue
) -> str:
    """Says what was measured for a hypothesis, and what a margin or more seeds would change.

    Args:
      hypothesis: The fields of ``config.Hypothesis`` as plain values.
      verdict: What the study says, or ``None`` where it has no verdict.
      catalogue: What metrics mean, by probe.
    """
    if verdict is None or verdict.verdict == "not tested" or not math.isfinite(verdict.effect):
        return "This study has no runs to compare for it."
    about = quantity(hypothesis.get("metric", ""), catalogue)
    claim = _change(hypothesis, about, verdict.effect) + f" ({_evidence(about, verdict)})."
    extra = [
        _margin(hypothesis, about),
        _settle(verdict) if verdict.verdict == "inconclusive" else "",
    ]
    return " ".join(filter(None, [claim, *extra]))


def _change(hypothesis: Mapping[str, Any], about: Quantity, effect: float) -> str:
    size = about.amount(abs(effect))
    if hypothesis.get("relation") not in _RELATIVE:
        verb = _sign(about, effect, ("fell by", "changed by", "rose by"))
        return f"{sentence_case(about.name)} {verb} {size}"
    direction = _sign(about, effect, ("lower", "apart", "higher"))
    shared, left, right = _settings(hypothesis)
    sides = f" with {left} than with {right}" if direction != "apart" else f": {left} and {right}"
    sides = sides if left and right else ""
    text = f"{f'at {shared}, ' if shared else ''}{about.name} was {size} {direction}{sides}"
    return sentence_case(text)


def _sign(about: Quantity, effect: float, words: tuple[str, str, str]) -> str:
    if about.bare(abs(effect)).strip("0.") == "":
        return words[1]
    return words[2] if effect > 0 else words[0]


def _settings(hypothesis: Mapping[str, Any]) -> tuple[str, str, str]:
    """Returns the settings that both sides share, defaults left out, and those of each alone."""
    where = dict(hypothesis.get("where") or ())
    against = dict(hypothesis.get("against") or ())
    shared = {key: value for key, value in where.items() if against.get(key, ...) == value}
    sides = [{k: v for k, v in side.items() if k not in shared} for side in (where, against)]
    stated = {key: value for key, value in shared.items() if value is not None}
    first, second, third = (
        ", ".join(_setting(key, value) for key, value in part.items()) for part in (stated, *sides)
    )
    return first, second, third


def _setting(field: str, value: Any) -> str:
    """Returns ``"resnet"``, ``"the greatest depth"``, ``"norm=none"`` or ``"the default norm"``."""
    name = field.rpartition(".")[2]
    if value is None:
        return f"the default {name.replace('_', ' ')}"
    if name in ("pool", "pools"):
        return str(value)
    if value in ("greatest", "least"):
        return f"the {value} {name.replace('_', ' ')}"
    if name == "treatment":
        return str(value) or "no treatment"
    return str(value) if name == "family" else f"{name}={value}"


def _evidence(about: Quantity, verdict: records.Verdict) -> str:
    seeds = count(verdict.seeds, "seed")
    if not (math.isfinite(verdict.low) and math.isfinite(verdict.high)):
        return f"{seeds}, so no interval"
    turn = -1 if verdict.effect < 0 else 1
    low, high = sorted((turn * verdict.low, turn * verdict.high))
    parts = [f"95% interval {about.bare(low)} to {about.bare(high)}"]
    if math.isfinite(verdict.p):
        parts.append(p_value(verdict.p))
    return ", ".join([*parts, seeds])


def _margin(hypothesis: Mapping[str, Any], about: Quantity) -> str:
    margin = float(hypothesis.get("margin") or 0.0)
    if not margin:
        return ""
    size = about.amount(margin)
    return {
        "equivalent": f"Less than {size} either way counts as no difference.",
        "not_greater": f"Up to {size} more counts as none.",
        "does_not_rise": f"A rise of less than {size} counts as none.",
        "rises": f"To count, a rise must exceed {size}.",
    }.get(hypothesis.get("relation", ""), f"To count, a difference must exceed {size}.")


def _settle(verdict: records.Verdict) -> str:
    if verdict.seeds_to_settle is not None:
        seeds = count(verdict.seeds_to_settle, "seed")
        return f"{seeds} would settle it at this effect and spread."
    if verdict.seeds < 2:
        return "It takes two seeds or more to tell an effect from chance."
    return "At this effect, no number of seeds would settle it."
