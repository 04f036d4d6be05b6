"""Which variants a hypothesis compares.

- A comparison (``greater``, ``less``, ``equivalent``, ``not_greater``) takes the metric where
  ``where`` holds minus the metric where ``against`` holds. If both sides hold several variants,
  they are matched on all settings that neither side names, and those without a match are left out;
  if one side holds a single variant, it is compared with all of the other side.
- A trend (``rises``, ``does_not_rise``) takes the metric at the greatest value of ``along`` minus
  the metric at each lesser one, among variants that agree in all other settings, so that a net that
  does worse than the best depth does not pass for one that is as good as the shallowest. It is not
  a fitted slope: depth hurts abruptly more often than steadily, a slope would hang on the values
  between and on a scale for ``along``, and the difference is in units of the metric as it stands.
- Pairs are not averaged. A claim speaks of each of its parts: of each matched pair, or each setting
  within which there is a trend.
- In ``where`` and ``against``, ``"greatest"`` and ``"least"`` stand for that value of the field
  among the variants that the side's other settings pick, in a comparison among the values that
  both sides have. Such a hypothesis keeps its sense when a sweep is overridden.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from depthstudy.config import Hypothesis, Settings, Value

GREATEST, LEAST = "greatest", "least"
TRENDS = ("rises", "does_not_rise")
NONE = ("equivalent", "not_greater", "does_not_rise")  # relations that say of what there is none

VariantSettings = Mapping[str, Mapping[str, Value]]


def parts(h: Hypothesis, settings: VariantSettings) -> list[list[tuple[str, str]]]:
    """Returns the parts of a claim, each as its pairs of variants; it may be none.

    The part of a comparison is one pair. That of a trend holds the variant of greatest ``along``
    with each lesser one, from the least.
    """
    if h.along is None:
        return [[pair] for pair in _comparison(h, settings)]
    return _trend(h, settings)


def pairs(h: Hypothesis, settings: VariantSettings) -> list[tuple[str, str]]:
    """Returns all pairs of variants that a claim compares, part by part."""
    return [pair for part in parts(h, settings) for pair in part]


def problems(h: Hypothesis, settings: VariantSettings) -> Iterator[str]:
    """Yields what is wrong with a hypothesis about these variants, a line each."""
    trend = h.relation in TRENDS
    if trend and h.along is None:
        yield f"{h.relation!r} needs along, the field along which the metric changes"
    if trend and h.against:
        yield f"{h.relation!r} takes no against; it looks along {h.along} within where"
    if not trend and not h.against:
        yield f"{h.relation!r} needs against, the settings to compare with"
    if not trend and h.along is not None:
        yield f"{h.relation!r} takes no along; it compares where with against"
    if not trend and dict(h.where) == dict(h.against):
        yield "where and against pick the same variants"
    if h.relation in NONE and h.margin <= 0:
        yield f"{h.relation!r} needs a margin above 0, the largest difference that is still none"
    for side in (h.where, h.against):
        fields = [field for field, _ in side]
        yield from (f"{f} stands twice on one side" for f in fields if fields.count(f) > 1)
    ordered = [field for field, value in (*h.where, *h.against) if _is_extreme(value)]
    ordered += [h.along] if h.along is not None else []
    known = sorted({field for fields in settings.values() for field in fields})
    for field in dict.fromkeys([f for f, _ in (*h.where, *h.against)] + ordered):
        if field not in known:
            near = difflib.get_close_matches(field, known)
            hint = f"did you mean {' or '.join(near)}?" if near else f"allowed: {', '.join(known)}"
            yield f"unknown field {field!r}; {hint}"
    for field in ordered:
        values = {_plain(fields.get(field)) for fields in settings.values()}
        if odd := sorted(
            repr(value) for value in values if not _is_number(value) and value is not None
        ):
            yield f"{field} has no greatest and least, it holds {', '.join(odd)}"


def _comparison(h: Hypothesis, settings: VariantSettings) -> list[tuple[str, str]]:
    """Returns the pairs of variants whose difference ``h`` is about."""
    where, against = _resolve((h.where, h.against), settings)
    left, right = _pick(where, settings), _pick(against, settings)
    named = where.keys() | against.keys()
    matched = len(left) > 1 and len(right) > 1
    return [
        (a, b)
        for a in left
        for b in right
        if a != b and (not matched or _rest(settings[a], named) == _rest(settings[b], named))
    ]


def _trend(h: Hypothesis, settings: VariantSettings) -> list[list[tuple[str, str]]]:
    """Returns the variant of greatest ``along`` with each lesser one, by the other settings."""
    (where,) = _resolve((h.where,), settings)
    values = {name: settings[name].get(str(h.along)) for name in _pick(where, settings)}
    numbers: dict[str, Any] = {name: v for name, v in values.items() if _is_number(v)}
    rests = {name: _rest(settings[name], {h.along}) for name in numbers}
    trends = []
    for name, greatest in numbers.items():
        peers = [other for other in numbers if rests[other] == rests[name]]
        lesser = sorted((p for p in peers if numbers[p] < greatest), key=numbers.__getitem__)
        if lesser and greatest == max(numbers[other] for other in peers):
            trends.append([(name, other) for other in lesser])
    return trends


def _resolve(sides: Sequence[Settings], settings: VariantSettings) -> list[dict[str, Any]]:
    """Returns the sides with every "greatest" and "least" replaced by a value."""
    resolved = [dict[str, Any](side) for side in sides]
    extremes = [field for side in sides for field, value in side if _is_extreme(value)]
    for field in dict.fromkeys(extremes):
        common = set.intersection(*(_numbers(field, side, settings) for side in resolved))
        for side in resolved:
            if _is_extreme(side.get(field)):
                pick = max if side[field] == GREATEST else min
                side[field] = pick(common, default=math.nan)  # NaN equals, so picks, nothing
    return resolved


def _numbers(field: str, side: Mapping[str, Any], settings: VariantSettings) -> set[Any]:
    """Returns the numbers that ``field`` takes where the side's other, plain settings hold."""
    others = {f: value for f, value in side.items() if f != field and not _is_extreme(value)}
    values = (settings[name].get(field) for name in _pick(others, settings))
    return {value for value in values if _is_number(value)}


def _pick(side: Mapping[str, Any], settings: VariantSettings) -> list[str]:
    return [
        name
        for name, fields in settings.items()
        if all(f in fields and _plain(fields[f]) == _plain(value) for f, value in side.items())
    ]


def _rest(fields: Mapping[str, Value], named: Collection[str | None]) -> dict[str, Any]:
    return {field: _plain(value) for field, value in fields.items() if field not in named}


def _plain(value: Any) -> Any:
    return tuple(_plain(item) for item in value) if isinstance(value, list | tuple) else value


def _is_extreme(value: object) -> bool:
    return value in (GREATEST, LEAST)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
