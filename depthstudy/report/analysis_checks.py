"""The checks of the first screen: what each asks, of which probe, and when it stands out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from depthstudy.report import analysis_words as words
from depthstudy.report.analysis_runs import Analysis, Run
from depthstudy.report.analysis_words import Finding
from depthstudy.report.formats import count, number


@dataclasses.dataclass(frozen=True)
class Check:
    """A question to a net.

    Attributes:
      name: A word or two.
      probes: Which probes answer it.
      note: What is asked, for a reader who knows nothing of it.
      rule: When the answer stands out.
      find: Answers it; ``None`` where the net lacks the measurement.
    """

    name: str
    probes: tuple[str, ...]
    note: str
    rule: str
    find: Callable[[Run], Finding | None]


CHECKS = (
    Check(
        "Fit",
        ("generalization",),
        "The share of images that the net gets wrong: of those it learned from, and of new ones.",
        f"more than {number(100 * words.WRONG, 0)}% of the train images are wrong, or test error "
        f"is {number(100 * words.GAP, 0)} points or more above train error",
        words.fit,
    ),
    Check(
        "Gradients",
        ("gradients",),
        "How strongly the first layer is told to learn, against the last. Where that shrinks "
        "(vanishes) or grows (explodes), it learns too slowly or too wildly.",
        f"gradients shrink or grow {words.FOLD}-fold or more, before or after training",
        words.gradients,
    ),
    Check(
        "Blocks",
        ("deletion", "deletion_reestimated"),
        "What one block is worth: the test error that its loss adds, with nothing trained again.",
        "half of the removable blocks or more are redundant, that is, each costs less than "
        f"{number(100 * words.FREE, 0)} point",
        words.blocks,
    ),
    Check(
        "Field of view",
        ("field",),
        "A layer whose input already covers the whole image can add no context (Richter 2021). "
        "In residual nets it may still help, as shortcuts bring smaller views along.",
        "half of the convolutions or more lie past the border",
        words.field,
    ),
    Check(
        "Likeness",
        ("cka",),
        "Whether blocks in a row give out nearly the same. CKA is 1 for the same, 0 for unrelated.",
        "half of the blocks or more are nearly alike in one row",
        words.alike,
    ),
    Check(
        "Classes",
        ("linear",),
        "How well a simple classifier tells the classes apart by what a block gives out.",
        f"half of the blocks or more add less than {number(100 * words.FLAT, 0)} point",
        words.separation,
    ),
    Check(
        "Filters",
        ("rank",),
        "A filter that gives out nothing, whatever the image, is wasted.",
        f"{number(100 * words.SILENT, 0)}% or more of them never fire, as a mean over blocks",
        words.silent,
    ),
)


def findings(analysis: Analysis) -> list[tuple[Check, list[Finding]]]:
    """Returns the answers of all runs to each check whose probe was asked for."""
    found = []
    for check in CHECKS:
        if analysis.asked(*check.probes):
            answers = [check.find(run) or _refused(run, check.probes) for run in analysis.runs]
            found.append((check, answers))
    return found


def _refused(run: Run, probes: Sequence[str]) -> Finding:
    reason = next(filter(None, (run.refusal(probe) for probe in probes)), "nothing was measured")
    return Finding("does not apply", f"Does not apply: {reason}.")


def tally(found: Sequence[Finding]) -> str:
    """Counts the checks that stand out: ``"2 of 7 checks stand out"``."""
    asked = [finding for finding in found if finding.state != "does not apply"]
    out = sum(finding.state == "stands out" for finding in asked)
    if not asked:
        return "no check applies"
    verb = "stands out" if out == 1 or len(asked) == 1 else "stand out"
    return f"{out or 'none'} of {count(len(asked), 'check')} {verb}"
