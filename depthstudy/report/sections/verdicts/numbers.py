"""What is folded away below a verdict: p value, level, scope, parts, failures."""

from __future__ import annotations

import math

from depthstudy import records
from depthstudy.report.blocks import Block, Facts, Row, Table
from depthstudy.report.sections.verdicts.sentences import pairs
from depthstudy.report.text.formats import (
    DASH,
    p_value,
    sentence_case,
    short_percent,
    visible,
    whole_percent,
)
from depthstudy.report.text.quantities import Quantity

_SCOPES = {
    "images like these": "images like these: chance of seeds and of test images",
    "these images": "these images only: chance of seeds alone",
    "seeds": "nets like these: chance of seeds",
    "exact": "exact: it does not depend on the seed",
}


def numbers(verdict: records.Verdict | None, about: Quantity) -> tuple[Block, ...]:
    """Returns the numbers of a verdict, with every comparison where there are several."""
    if verdict is None or verdict.verdict == "not tested":
        return ()
    facts = [
        ("p value", _p(verdict.p)),
        ("Interval", f"of confidence {short_percent(verdict.level)}, the one that decides"),
        ("Speaks of", _SCOPES.get(verdict.scope, verdict.scope)),
        ("Times the other", visible(verdict.ratio, 2) if verdict.ratio is not None else ""),
        ("Looked at", f"{verdict.look} seeds, with the error of all looks" if verdict.look else ""),
        ("Failed runs", verdict.failed),
        ("Failures not seen", _unseen(verdict)),
    ]  # fmt: skip
    shown = Facts(tuple((name, text) for name, text in facts if text))
    return (shown, *_parts(verdict, about))


def _p(value: float) -> str:
    text = p_value(value).removeprefix("p\N{NO-BREAK SPACE}") if _known(value) else DASH
    return text.removeprefix("=\N{NO-BREAK SPACE}")


def _known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _unseen(verdict: records.Verdict) -> str:
    if verdict.unseen_failures is None:
        return ""
    return f"up to {whole_percent(verdict.unseen_failures)} of runs may fail, as far as seeds tell"


def _parts(verdict: records.Verdict, about: Quantity) -> tuple[Block, ...]:
    """Returns a row for each comparison, and the average last, where there are several."""
    compared = pairs(verdict)
    if len(compared) < 2:
        return ()
    rows = [
        Row(
            f"{pair.left} against {pair.right}",
            (
                about.signed(pair.effect),
                f"{about.bare(pair.low)} to {about.bare(pair.high)}" if _known(pair.low) else DASH,
            ),
        )
        for pair in compared
    ]
    if verdict.average is not None:
        rows.append(Row("Average of these", (about.signed(verdict.average), DASH)))
    title = sentence_case(about.name.removeprefix("the "))
    return (Table(("Comparison", title, "95% interval"), tuple(rows)),)
