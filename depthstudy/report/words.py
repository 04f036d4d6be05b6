"""Results to sentences: every word of the report that depends on a result is made here.

Pure functions. A sentence says what the numbers say and no more; effects are told in the direction
in which they point, and so are the ends of their interval.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from depthstudy.records import Decomposition, StudyInfo, Verdict
from depthstudy.report.formats import DASH, count, listing, number, p_value, percent
from depthstudy.report.tables import Divergence, Estimate

SYMBOLS = {"supported": "✓", "refuted": "✕", "inconclusive": "?", "not tested": DASH}
_METRICS = {
    "train_error": "train error",
    "test_error": "test error",
    "gap": "the gap between test and train error",
    "parameters": "the number of parameters",
    "macs": "the number of multiply-accumulates",
    "seconds": "the time of a run",
    "run.train_seconds": "the time of training",
    "run.step_memory_bytes": "the memory of a step",
    "deletion.redundant_block_fraction": "the share of blocks that can go without a point of error",
    "cka.far_cka": "the similarity of distant layers",
    "gradients.output_gradient_norm_slope_initial": "the slope of gradients before training",
}
_UNITS = {"seconds": " s", "bytes": " MB"}
_FRACTIONS = ("train_error", "test_error", "gap")
_RELATIVE = {"greater", "less", "equivalent", "not_greater"}


def lede(info: StudyInfo) -> str:
    """Says in one sentence what was compared."""
    data = (info.config.get("data") or {}).get("name")
    shapes = {tuple(variant.image_shape) for variant in info.variants}
    images = " × ".join(map(str, *shapes)) if len(shapes) == 1 else f"in {len(shapes)} sizes"
    runs = f"{count(len(info.variants), 'variant')} × {count(info.seeds, 'seed')}"
    return f"{runs} on {data or 'one data set'}, images {images}."


def tally(verdicts: Sequence[str]) -> str:
    """Counts the verdicts: ``"Of 3 hypotheses, 2 are supported and 1 is inconclusive."``."""
    parts = []
    for word in SYMBOLS:
        found = verdicts.count(word)
        if found:
            parts.append(f"{found} {'is' if found == 1 else 'are'} {word}")
    noun = "hypothesis" if len(verdicts) == 1 else "hypotheses"
    return f"Of {len(verdicts)} {noun}, {listing(parts)}."


def verdict_sentence(hypothesis: Mapping[str, Any], verdict: Verdict | None) -> str:
    """Says what was measured for a hypothesis, and what a margin or more seeds would change.

    Args:
      hypothesis: The fields of ``config.Hypothesis`` as plain values.
      verdict: What the study found, or ``None`` where it has no verdict.
    """
    if verdict is None or verdict.verdict == "not tested" or not math.isfinite(verdict.effect):
        return "This study has no runs to compare for it."
    metric = hypothesis.get("metric", "")
    claim = _change(hypothesis, verdict.effect) + f" ({_evidence(metric, verdict)})."
    extra = [_margin(hypothesis), _settle(verdict) if verdict.verdict == "inconclusive" else ""]
    return " ".join(filter(None, [claim, *extra]))


def _change(hypothesis: Mapping[str, Any], effect: float) -> str:
    metric = hypothesis.get("metric", "")
    size = amount(metric, abs(effect))
    name = metric_name(metric)
    if hypothesis.get("relation") not in _RELATIVE:
        verb = _sign(metric, effect, ("fell by", "changed by", "rose by"))
        return f"{name[:1].upper()}{name[1:]} {verb} {size}"
    direction = _sign(metric, effect, ("lower", "apart", "higher"))
    shared, here, there = _settings(hypothesis)
    sides = f" with {here} than with {there}" if direction != "apart" else f": {here} and {there}"
    sides = sides if here and there else ""
    text = f"{f'at {shared}, ' if shared else ''}{name} was {size} {direction}{sides}"
    return text[:1].upper() + text[1:]


def metric_name(metric: str) -> str:
    """Returns what a metric is called in a sentence."""
    return _METRICS.get(metric, metric.rpartition(".")[2].replace("_", " "))


def amount(metric: str, value: float) -> str:
    """Returns a value in the metric's unit, for example ``"71.9 points"``."""
    if metric in _FRACTIONS:
        return f"{_bare(metric, value)} points"
    unit = next((unit for end, unit in _UNITS.items() if metric.endswith(end)), "")
    return f"{_bare(metric, value)}{unit}"


def _bare(metric: str, value: float) -> str:
    if metric in _FRACTIONS:
        return number(100 * value)
    if metric.endswith("bytes"):
        return number(value / 1e6)
    if "." in metric and not metric.endswith("seconds"):
        return number(value, 2)
    return number(value, 0 if metric in ("parameters", "macs") else 1)


def _sign(metric: str, effect: float, words: tuple[str, str, str]) -> str:
    if _bare(metric, abs(effect)).strip("0.") == "":
        return words[1]
    return words[2] if effect > 0 else words[0]


def _settings(hypothesis: Mapping[str, Any]) -> tuple[str, str, str]:
    """Returns the settings that both sides share, defaults left out, and those of each alone."""
    where = dict(hypothesis.get("where") or ())
    against = dict(hypothesis.get("against") or ())
    shared = {key: value for key, value in where.items() if against.get(key, ...) == value}
    sides = [{k: v for k, v in side.items() if k not in shared} for side in (where, against)]
    told = {key: value for key, value in shared.items() if value is not None}
    first, second, third = (
        ", ".join(_setting(key, value) for key, value in part.items()) for part in (told, *sides)
    )
    return first, second, third


def _setting(field: str, value: Any) -> str:
    """Returns ``"resnet"``, ``"the greatest depth"``, ``"norm=none"`` or ``"the default norm"``."""
    name = field.rpartition(".")[2]
    if value is None:
        return f"the default {name.replace('_', ' ')}"
    if value in ("greatest", "least"):
        return f"the {value} {name.replace('_', ' ')}"
    if name == "treatment":
        return str(value) or "no treatment"
    return str(value) if name == "family" else f"{name}={value}"


def _evidence(metric: str, verdict: Verdict) -> str:
    seeds = count(verdict.seeds, "seed")
    if not (math.isfinite(verdict.low) and math.isfinite(verdict.high)):
        return f"{seeds}, so no interval"
    turn = -1 if verdict.effect < 0 else 1
    low, high = sorted((turn * verdict.low, turn * verdict.high))
    parts = [f"95% interval {_bare(metric, low)} to {_bare(metric, high)}"]
    if math.isfinite(verdict.p):
        parts.append(p_value(verdict.p))
    return ", ".join([*parts, seeds])


def _margin(hypothesis: Mapping[str, Any]) -> str:
    margin = float(hypothesis.get("margin") or 0.0)
    if not margin:
        return ""
    size = amount(hypothesis.get("metric", ""), margin)
    return {
        "equivalent": f"Less than {size} either way counts as no difference.",
        "not_greater": f"Up to {size} more counts as none.",
        "does_not_rise": f"A rise of less than {size} counts as none.",
        "rises": f"To count, a rise must exceed {size}.",
    }.get(hypothesis.get("relation", ""), f"To count, a difference must exceed {size}.")


def _settle(verdict: Verdict) -> str:
    if verdict.seeds_to_settle is not None:
        seeds = count(verdict.seeds_to_settle, "seed")
        return f"{seeds} would settle it at this effect and spread."
    if verdict.seeds < 2:
        return "It takes two seeds or more to tell an effect from chance."
    return "At this effect, no number of seeds would settle it."


def best_depths(best: Mapping[str, tuple[str, Estimate]]) -> str:
    """Names the variant with the least mean test error of each group."""
    if not best:
        return ""
    parts = [f"{group}, {name} ({percent(value.mean)})" for group, (name, value) in best.items()]
    return f"Lowest mean test error: {'; '.join(parts)}."


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
        return f"In {group}, {variant} loses nothing against {best}."
    shares = [_share(row) for row in sorted((train, gap), key=lambda row: -row.effect)]
    if not any(shares):
        text = f"In {group}, {variant} loses {lost} points against {best}, too few to split."
    elif min(train.effect, gap.effect) >= 0:
        found = listing([share for share in shares if share])
        text = f"Of the {lost} points that {group} at {variant} loses against {best}, {found}."
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
    if total.low <= 0:
        return "The interval of the loss includes zero, so this may be chance."
    return ""


def unsplit_sentence(group: str, best: str) -> str:
    """Says why a group has no lost accuracy to split."""
    return f"In {group}, no net is deeper than the best ({best}), so nothing was lost to depth."


def divergence_sentence(variant: str, seeds: int, found: Divergence) -> str:
    """Says how many runs of a variant diverged, and when."""
    first = f"first at step {found.first:,}" if found.runs > 1 else f"at step {found.first:,}"
    return f"{variant}: {found.runs} of {count(seeds, 'seed')} diverged, {first}."


def figure_note(info: StudyInfo, spread: str) -> str:
    """Says below a figure's title of what it is, and how it shows the ``spread`` over seeds."""
    shown = f"mean of {count(info.seeds, 'seed')}; {spread}" if info.seeds > 1 else "one seed"
    data = (info.config.get("data") or {}).get("name")
    return f"{data}: {shown}" if data else f"{shown[:1].upper()}{shown[1:]}"
