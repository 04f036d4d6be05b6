"""How good a net is to be expected after so many trials: whether deeper nets need more tuning."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from depthstudy.records import ExpectedBest, TrialRow
from depthstudy.stats.several.expected_best import expected_best

_WITHIN = 0.01  # error over that of all trials which is as good


def expected(trials: Sequence[TrialRow], chance: float) -> list[ExpectedBest]:
    """Returns the expected least validation error of each number of trials, for each variant.

    Trials that were shorter than the longest of their variant are left out.

    Args:
      trials: All trials of a study.
      chance: The error of guessing, which a trial that diverged counts as.
    """
    rows = []
    for variant in dict.fromkeys(trial.variant for trial in trials):
        every = [trial for trial in trials if trial.variant == variant]
        full = [t.validation_error for t in every if t.steps == max(t.steps for t in every)]
        errors = expected_best([chance if math.isnan(error) else error for error in full])
        needed = 1 + int(np.argmax(errors <= errors[-1] + _WITHIN))
        rows += [
            ExpectedBest(
                variant=variant, trials=count, validation_error=float(error), needed=needed
            )
            for count, error in enumerate(errors, start=1)
        ]
    return rows
