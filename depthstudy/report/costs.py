"""What each net costs; where nets differ in anything but depth, what each gains on the first."""

from __future__ import annotations

import math
from typing import Any

from depthstudy.records import VariantInfo
from depthstudy.report import figures, pruning, tables, words
from depthstudy.report.pruning_words import change_of
from depthstudy.report.tables import Study

_SAME = 0.05  # share of a cost up to which two are about the same


def rows(study: Study) -> list[dict[str, Any]]:
    """Returns the rows of the table of costs."""
    return [_row(study, info) for info in study.info.variants]


def first(study: Study) -> str:
    """Returns the variant that the others are set against, or ``""`` in a study over depth."""
    infos = study.info.variants
    others = any(info.treatment or info.dense for info in infos)
    return "" if len(infos) < 2 or others or tables.has_depths(study.info) else infos[0].name


def sentence(study: Study) -> str:
    """Names the variants that are better than the first by more than chance, with their price."""
    base = first(study)
    if not base:
        return ""
    gains = {
        info.name: pruning.difference(study, info.name, base) for info in study.info.variants[1:]
    }
    sure = sorted((gain.mean, name) for name, gain in gains.items() if gain.high < 0)
    if not sure:
        return f"No variant is shown to have a lower test error than {base}."
    parts = [
        f"{name} by {words.number(-100 * mean)} points ({_price(study, name, base)})"
        for mean, name in sure
    ]
    text = f"Lower test error than {base}: {words.listing(parts)}."
    failed = [name for name, gain in gains.items() if not gain.high < 0]
    return text + (f" Not shown of {words.listing(failed)}." if failed else "")


def _row(study: Study, info: VariantInfo) -> dict[str, Any]:
    seconds = tables.final(study, info.name, "seconds").mean
    return {
        "name": info.name,
        "depth": info.depth,
        "counts": [f"{n:,}" for n in (info.parameters, info.macs, info.activations)],
        "field": words.receptive_field(info.receptive_field, info.image_shape),
        "beyond": info.receptive_field > min(info.image_shape[:2]),
        "seconds": words.duration(seconds) if math.isfinite(seconds) else words.DASH,
        "errors": [
            words.percent_estimate(tables.final(study, info.name, metric))
            for metric in figures.ERRORS
        ],
        "diverged": info.name in tables.divergences(study),
        "change": _change(study, info.name),
    }


def _change(study: Study, name: str) -> str:
    """Returns by how many points the test error of a variant is above that of the first."""
    base = first(study)
    if name == base:
        return words.DASH
    return change_of(pruning.difference(study, name, base)) if base else ""


def _price(study: Study, name: str, base: str) -> str:
    macs = {info.name: info.macs for info in study.info.variants}
    seconds = [tables.final(study, one, "seconds").mean for one in (name, base)]
    time = seconds[0] / seconds[1] if seconds[1] else math.nan
    return f"{_times(macs[name] / macs[base], 'MACs')}, {_times(time, 'time')}"


def _times(ratio: float, what: str) -> str:
    if abs(ratio - 1) < _SAME:
        return f"about the same {what}"
    return f"{words.number(ratio)}× the {what}"
