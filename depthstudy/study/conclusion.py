"""What a study says as a few lines of text, for the terminal."""

from __future__ import annotations

import math

from depthstudy.evidence.claims.verdicts import UNEQUAL
from depthstudy.records import Attribution, Recommendation, Robustness, Verdict
from depthstudy.study.conclude import Result


def conclusion(result: Result) -> str:
    """Returns a line a verdict, a cause and the recommendation, and where the time went."""
    statements = {h["name"]: h["statement"] for h in result.info.config["hypotheses"]}
    robust = {row.hypothesis: row for row in result.findings.robustness}
    lines = [
        f"{verdict.verdict:>12}  {statements[verdict.hypothesis]}{_numbers(verdict)}"
        f"{_robust(robust.get(verdict.hypothesis))}{_unequal(verdict)}"
        for verdict in result.verdicts
    ]
    lines += [
        f"{'cause':>12}  {_cause(row)}"
        for row in result.attribution
        if row.established and not row.control_of
    ]
    if result.recommendation:
        lines.append(f"{'take':>12}  {_take(result.recommendation)}")
    seconds = ", ".join(f"{part} {time:.0f} s" for part, time in result.info.seconds.items())
    shared = f" in {result.info.processes} processes" if result.info.processes > 1 else ""
    return "\n".join([*lines, "", f"{seconds}{shared}"])


def _numbers(verdict: Verdict) -> str:
    if verdict.verdict == "not tested":
        return " (no variants to compare)"
    if math.isnan(verdict.low):
        return f" (effect {verdict.effect:+.3g}; {verdict.seeds} seed gives no interval)"
    more = f"; {verdict.seeds_to_settle} would settle it" if verdict.seeds_to_settle else ""
    rounding = 1e-9 * (verdict.high - verdict.low)  # what sums of equal numbers differ by
    effect = verdict.effect if abs(verdict.effect) > rounding else 0.0
    return (
        f" (effect {effect:+.3g}, 95% interval {verdict.low:+.3g} to {verdict.high:+.3g}, "
        f"p {verdict.p:.2g}, {verdict.seeds} seeds{more})"
    )


def _robust(row: Robustness | None) -> str:
    """Says on a line of its own what becomes of a verdict with other recipes."""
    if row is None or not row.word:
        return ""
    effects = (
        ("with own settings", row.effect_own_settings),
        ("trained longest", row.effect_longer),
    )
    known = ", ".join(
        f"{words} {effect:+.3g}" for words, effect in effects if math.isfinite(effect)
    )
    return f"\n{'':>12}  {row.word}{f': {known}' if known else ''}"


def _unequal(verdict: Verdict) -> str:
    """Says on a line of its own that a verdict compares nets of which one has seen more images."""
    if verdict.budget_ratio is None or verdict.budget_ratio <= UNEQUAL:
        return ""
    return f"\n{'':>12}  unequal budgets: one side saw {verdict.budget_ratio:.2g} times the images"


def _cause(row: Attribution) -> str:
    return (
        f"{row.variant}: {row.mechanism.replace('_', ' ')}; {row.treatment} wins back "
        f"{100 * row.recovered:.1f} of {100 * row.excess:.1f} points (share {row.share:.0%}, "
        f"95% interval {row.share_low:.0%} to {row.share_high:.0%}, {row.seeds} seeds)"
    )


def _take(found: Recommendation) -> str:
    return (
        f"{found.variant}: depth {found.depth}, test error {found.test_error:.1%}, "
        f"{found.macs:,} MACs, {found.seconds:.1f} s a run"
    )
