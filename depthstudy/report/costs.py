"""What each net costs; where nets differ in anything but depth, what each gains on the first."""

from __future__ import annotations

import math
from typing import Any

from depthstudy.records import VariantInfo
from depthstudy.report import figures, formats, palette, pruning, tables
from depthstudy.report.pruning_words import change_of
from depthstudy.report.tables import Study

_SAME = 0.05  # share of a cost up to which two are about the same


def rows(study: Study) -> list[dict[str, Any]]:
    """Returns the rows of the table of costs."""
    return [_row(study, info) for info in study.info.variants]


def first(study: Study) -> str:
    """Returns the variant that the others are set against, or ``""`` in a study over depth.

    Nor is there one where there are many variants, or sections of their own for what they ask.
    """
    infos = study.info.variants
    others = any(info.treatment or info.dense for info in infos)
    few = 1 < len(infos) <= palette.GROUPS
    return infos[0].name if few and not others and not tables.has_depths(study.info) else ""


def gains(study: Study) -> list[dict[str, str]]:
    """Returns what each variant gains on the first, and its price, as rows of a table."""
    base = first(study)
    rows = []
    for info in study.info.variants if base else ():
        macs, time = _shares(study, info.name, base)
        change = pruning.difference(study, info.name, base)
        rows.append(
            {
                "name": info.name,
                "error": formats.percent_estimate(tables.final(study, info.name, "test_error")),
                "change": formats.DASH if info.name == base else change_of(change),
                "macs": f"{formats.number(100 * macs, 0)}%",
                "time": f"{formats.number(100 * time, 0)}%"
                if math.isfinite(time)
                else formats.DASH,
            }
        )
    return rows


def sentence(study: Study) -> str:
    """Names the variants that are better than the first by more than chance, with their price."""
    base = first(study)
    if not base:
        return ""
    changes = {
        info.name: pruning.difference(study, info.name, base) for info in study.info.variants[1:]
    }
    sure = sorted((gain.mean, name) for name, gain in changes.items() if gain.high < 0)
    if not sure:
        return f"No variant is shown to have a lower test error than {base}."
    parts = []
    for mean, name in sure:
        macs, time = _shares(study, name, base)
        price = f"{_times(macs, 'MACs')}, {_times(time, 'time')}"
        parts.append(f"{name} by {formats.number(-100 * mean)} points ({price})")
    text = f"Lower test error than {base}: {formats.listing(parts)}."
    failed = [name for name, gain in changes.items() if not gain.high < 0]
    return text + (f" Not shown of {formats.listing(failed)}." if failed else "")


def _row(study: Study, info: VariantInfo) -> dict[str, Any]:
    seconds = tables.final(study, info.name, "seconds").mean
    return {
        "name": info.name,
        "depth": info.depth,
        "counts": [f"{n:,}" for n in (info.parameters, info.macs, info.activations)],
        "field": formats.receptive_field(info.receptive_field, info.image_shape),
        "beyond": (info.receptive_field or 0) > min(info.image_shape[:2]),
        "seconds": formats.duration(seconds) if math.isfinite(seconds) else formats.DASH,
        "errors": [
            formats.percent_estimate(tables.final(study, info.name, metric))
            for metric in figures.ERRORS
        ],
        "diverged": info.name in tables.divergences(study),
    }


def _shares(study: Study, name: str, base: str) -> tuple[float, float]:
    """Returns multiply-accumulates and time of a variant against those of the first."""
    macs = {info.name: info.macs for info in study.info.variants}
    seconds = [tables.final(study, one, "seconds").mean for one in (name, base)]
    return macs[name] / macs[base], seconds[0] / seconds[1] if seconds[1] else math.nan


def _times(ratio: float, what: str) -> str:
    if abs(ratio - 1) < _SAME:
        return f"about the same {what}"
    return f"{formats.number(ratio)}× the {what}"
