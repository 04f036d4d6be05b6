"""Whether a net fits its train set, and new images as well."""

from __future__ import annotations

import math

from depthstudy.report.analysis.parts import Check, Finding, finding
from depthstudy.report.tables import MeasuredNet
from depthstudy.report.text.formats import number, percent, whole_percent


def fit(net: MeasuredNet) -> Finding | None:
    """Says whether the net fits its train set, and new images as well."""
    train, test = (net.whole("generalization", f"{part}_error") for part in ("train", "test"))
    if not (math.isfinite(train) and math.isfinite(test)):
        return None
    misfits = net.metric("generalization", "train_error").is_beyond(train)
    is_wide = net.metric("generalization", "gap").is_beyond(test - train)
    if misfits:
        end = "the net does not fit its own train set"
        end += ", and does worse still on new images" if is_wide else ""
    elif is_wide:
        points = number(100 * (test - train))
        end = f"the net fits its train set, but loses {points} points on new images"
    else:
        end = "the net fits its train set and does about as well on new images"
    text = f"Train error {percent(train)}, test error {percent(test)}: {end}."
    return finding(text, out=misfits or is_wide)


def _rule(net: MeasuredNet) -> str:
    train, gap = (net.metric("generalization", name) for name in ("train_error", "gap"))
    return (
        f"{whole_percent(train.threshold or 0.0)} or more of the train images are wrong, or test "
        f"error is {number(100 * (gap.threshold or 0.0), 0)} points or more above train error"
    )


CHECK = Check(
    "Fit",
    ("generalization",),
    "The share of images that the net gets wrong: of those it learned from, and of new ones.",
    _rule,
    fit,
)
