"""Trainings that end before the learning rate has reached its peak."""

from __future__ import annotations

from collections.abc import Sequence

from depthstudy.plan.variant import Variant


def never_at_peak(variants: Sequence[Variant]) -> list[str]:
    """Returns a line on the variants whose training ends within its warm-up, if any does."""
    short = [v for v in variants if v.info.steps < v.train.warmup_steps]
    if not short:
        return []
    first = short[0]
    others = f", nor do {len(short) - 1} more" if len(short) > 1 else ""
    return [
        f"{first.name} does not reach its learning rate{others}: its {first.info.steps:,} steps "
        f"end within the warm-up, config.train.warmup_steps={first.train.warmup_steps:,}"
    ]
