"""What was seen of a hypothesis, what it means, and what would settle it, in sentences."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from depthstudy import records
from depthstudy.evidence.panel import LEAST_SEEDS
from depthstudy.report.text.formats import count, listing, sentence_case, short_percent
from depthstudy.report.text.quantities import Catalog, Quantity, quantity
from depthstudy.report.text.sentences import run_noun, unequal_sentence

_RELATIVE = {"greater", "less", "equivalent", "not_greater"}


class Pair(NamedTuple):
    """Two variants that a verdict compares, with the difference of the first to the second."""

    left: str
    right: str
    effect: float
    low: float
    high: float


def pairs(verdict: records.Verdict) -> list[Pair]:
    """Returns all that a verdict compares."""
    return [
        Pair(row["left"], row["right"], *(_finite(row[key]) for key in ("effect", "low", "high")))
        for row in json.loads(verdict.parts or "[]")
    ]


def _finite(value: float | None) -> float:
    return math.nan if value is None else float(value)


def verdict_sentence(
    hypothesis: Mapping[str, Any], verdict: records.Verdict | None, catalog: Catalog
) -> str:
    """Says what was measured for a hypothesis, and what a margin would change.

    Of several comparisons the sentence speaks of the worst, as the verdict does.

    Args:
      hypothesis: The fields of ``config.Hypothesis`` as plain values.
      verdict: What the study says, or ``None`` where it has no verdict.
      catalog: What metrics mean, by probe.
    """
    if verdict is None or verdict.verdict == "not tested" or not math.isfinite(verdict.effect):
        nothing = "This study has no runs to compare for it."
        return f"{nothing} {missing_sentence(verdict)}".strip() if verdict else nothing
    about = quantity(hypothesis.get("metric", ""), catalog)
    compared = pairs(verdict)
    worst = _worst(compared, verdict.effect)
    evidence = _evidence(about, verdict, run_noun(hypothesis))
    claim = _change(hypothesis, about, verdict.effect, worst) + f" ({evidence})"
    if len(compared) > 1 and worst:
        claim += f": the worst of {len(compared)} comparisons, {worst.left} against {worst.right}"
    failed = f"{_fate(about)}: {verdict.failed}." if verdict.failed else ""
    parts = [f"{claim}.", _margin(hypothesis, about), failed]
    parts += [unequal_sentence(verdict), no_better_sentence(verdict), missing_sentence(verdict)]
    return " ".join(filter(None, parts))


def _fate(about: Quantity) -> str:
    """Says whether runs that failed count: where it is no error, one cut short has no number."""
    if about.unit in ("fraction", "points"):
        return "Failed runs, which count"
    return "Failed runs, which count unless they diverged"


def no_better_sentence(verdict: records.Verdict) -> str:
    """Says which nets a verdict cannot rest on."""
    if not verdict.no_better:
        return ""
    names = verdict.no_better.split(", ")
    are = "is" if len(names) == 1 else "are"
    return (
        f"{listing(names)} {are} no better than always giving the same answer, so that no verdict"
        " rests on the difference."
    )


def missing_sentence(verdict: records.Verdict) -> str:
    """Says which nets a claim compares and no run has the metric of."""
    names = verdict.missing.split(", ") if verdict.missing else []
    if not names:
        return ""
    left_out = "it is left out" if len(names) == 1 else "they are left out"
    return f"No run has this number of {listing(names)}, so {left_out}."


def _worst(compared: Sequence[Pair], effect: float) -> Pair | None:
    return min(compared, key=lambda pair: abs(pair.effect - effect), default=None)


def _change(
    hypothesis: Mapping[str, Any], about: Quantity, effect: float, worst: Pair | None
) -> str:
    size = about.amount(abs(effect))
    if hypothesis.get("relation") not in _RELATIVE:
        verb = _sign(about, effect, ("fell by", "changed by", "rose by"))
        return f"{sentence_case(about.name)} {verb} {size}"
    direction = _sign(about, effect, ("lower", "apart", "higher"))
    shared, left, right = _settings(hypothesis)
    at = f"at {shared}, " if shared else ""
    if not (left and right) and worst:
        at, left, right = "", worst.left, worst.right
    sides = f" with {left} than with {right}" if direction != "apart" else f": {left} and {right}"
    sides = sides if left and right else ""
    return sentence_case(f"{at}{about.name} was {size} {direction}{sides}")


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


def _evidence(about: Quantity, verdict: records.Verdict, noun: str) -> str:
    runs = count(verdict.seeds, noun)
    if verdict.look:
        runs += ", the last look" if verdict.verdict == "inconclusive" else ", which decided"
    if not (math.isfinite(verdict.low) and math.isfinite(verdict.high)):
        return f"{runs}, so no interval"
    low, high = _turned(verdict)
    level = short_percent(verdict.level)
    return f"{level} interval {about.bare(low)} to {about.bare(high)}, {runs}"


def _turned(verdict: records.Verdict) -> tuple[float, float]:
    """Returns the ends of the interval as sizes in the direction of the effect."""
    turn = -1 if verdict.effect < 0 else 1
    low, high = sorted((turn * verdict.low, turn * verdict.high))
    return low, high


def _margin(hypothesis: Mapping[str, Any], about: Quantity) -> str:
    margin = float(hypothesis.get("margin") or 0.0)
    if not margin:
        return "Any size counts."
    size = about.amount(margin)
    return {
        "equivalent": f"Less than {size} either way counts as no difference.",
        "not_greater": f"Up to {size} more counts as none.",
        "does_not_rise": f"A rise of less than {size} counts as none.",
        "rises": f"To count, a rise must exceed {size}.",
    }.get(hypothesis.get("relation", ""), f"To count, a difference must exceed {size}.")


def meaning(verdict: records.Verdict | None, about: Quantity, noun: str = "seed") -> str:
    """Says what an open verdict means for the reader, and what would settle it; else ``""``.

    Args:
      verdict: What the study says.
      about: What is measured.
      noun: What its runs are, as ``run_noun`` has it.
    """
    if verdict is None or verdict.verdict == "not tested":
        return ""
    if verdict.verdict != "inconclusive":
        return ""
    if verdict.no_better and not math.isfinite(verdict.p):
        return ""  # what is said of the nets says it
    if verdict.seeds < LEAST_SEEDS and verdict.scope != "exact":
        return f"Not decided: a verdict takes three {noun}s or more."
    if not math.isfinite(verdict.low):
        return f"Not decided: all {noun}s agree, and their spread cannot be told from so few."
    ends = f"{about.signed(verdict.low)} to {about.signed(verdict.high)}"
    return f"Not decided: anything from {ends} fits these runs. {_settle(verdict, noun)}"


def _settle(verdict: records.Verdict, noun: str) -> str:
    """Says how many runs, or images, would settle an open verdict."""
    if verdict.images_to_settle is not None and verdict.seeds_to_settle is None:
        images = f"{verdict.images_to_settle:,} test images"
        return f"More images, not {noun}s: about {images} would tell."
    if verdict.seeds_to_settle is None and verdict.missing:
        return f"It takes runs of {listing(verdict.missing.split(', '))}."
    if verdict.seeds_to_settle is None:
        images = ", nor of images up to a million," if verdict.scope == "images like these" else ""
        return f"At this effect, no number of {noun}s up to a thousand{images} would settle it."
    low, high = verdict.seeds_low, verdict.seeds_high
    around = ""
    if (low is not None and low != verdict.seeds_to_settle) or high is not None:
        around = f" ({low or verdict.seeds_to_settle} to {high if high else 'many more'})"
    return f"{count(verdict.seeds_to_settle, noun)}{around} would settle it at this effect."
