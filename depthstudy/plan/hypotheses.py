"""What hypotheses see of a plan, and those that it has no variants for."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterator, Mapping, Sequence

from depthstudy import arch
from depthstudy.config import Hypothesis, Settings, Value
from depthstudy.errors import InputError
from depthstudy.evidence.claims import pairing
from depthstudy.evidence.claims.pairing import VariantSettings
from depthstudy.plan.variants.variant import TREATMENT


def see_untreated(hypotheses: Sequence[Hypothesis]) -> tuple[Hypothesis, ...]:
    """Returns hypotheses of which each side picks untreated variants, unless it names others."""
    return tuple(
        dataclasses.replace(
            hypothesis,
            where=_untreated(hypothesis.where),
            against=_untreated(hypothesis.against) if hypothesis.against else (),
        )
        for hypothesis in hypotheses
    )


def _untreated(side: Settings) -> Settings:
    return side if TREATMENT in dict(side) else (*side, (TREATMENT, ""))


def untested(hypotheses: Sequence[Hypothesis], settings: VariantSettings) -> list[str]:
    """Returns a line for each hypothesis that no variants of a plan can decide.

    Args:
      hypotheses: Those of the config.
      settings: Name of a variant to all its settings by dotted field.
    """
    return [
        f"hypothesis {h.name!r} will not be tested: the plan has no variants {_wanted(h, settings)}"
        for h in see_untreated(hypotheses)
        if not pairing.parts(h, settings)
    ]


def refuse_mistyped(hypotheses: Sequence[Hypothesis], settings: VariantSettings) -> None:
    """Raises InputError where a hypothesis cannot be tested for a value that is nearly a known one.

    A value that is known, but which no variant has, may come of a sweep that was overridden.
    """
    for h in see_untreated(hypotheses):
        if pairing.parts(h, settings):
            continue
        for field, value in (*h.where, *h.against):
            present = {fields.get(field) for fields in settings.values() if _plain(fields, field)}
            if meant := _near(value, present):
                raise InputError(
                    f"hypothesis {h.name!r}: no variant has {field}={value!r}; "
                    f"did you mean {meant!r}?"
                )


def _plain(fields: Mapping[str, Value], field: str) -> bool:
    return isinstance(fields.get(field), str | int | float)


def _near(value: Value, present: set[Value]) -> Value:
    """Returns the value among some that was meant by one that is none of them, or ``None``."""
    if value in present or value in arch.FAMILIES or value in (pairing.GREATEST, pairing.LEAST):
        return None
    alike = [other for other in present if isinstance(value, str) and str(other) == value.strip()]
    if alike or not isinstance(value, str):
        return alike[0] if alike else None
    words = [other for other in present if isinstance(other, str) and other]
    return next(iter(difflib.get_close_matches(value, words, n=1, cutoff=0.75)), None)


def _wanted(h: Hypothesis, settings: VariantSettings) -> str:
    """Says which settings the variants would need to have."""
    sides = [side for side in (h.where, h.against) if side]
    words = " and ".join(f"with {', '.join(_words(side))}" for side in sides) or "that differ"
    return f"{words} that differ in {h.along}" if h.along else words


def _words(side: Sequence[tuple[str, Value]]) -> Iterator[str]:
    named = [(field, value) for field, value in side if (field, value) != ("treatment", "")]
    yield from (f"{field}={value!r}" for field, value in named)
    if not named:
        yield "no treatment"
