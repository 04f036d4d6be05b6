"""How good a net is to be expected after so many trials: whether deeper nets need more tuning."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from depthstudy.records import ExpectedBest, TrialRow
from depthstudy.stats.several.expected_best import expected_best

_WITHIN = 0.01  # error over that of all trials which is as good


def expected(trials: Sequence[TrialRow], chance: Mapping[str, float]) -> list[ExpectedBest]:
    """Returns the expected least validation error of each number of trials, for each variant.

    The trials of a grid stand for draws at random. Those beyond the grid follow from the others and
    are left out. Of a variant whose shorter trials decided which are made in full there is none:
    what is left of them is the best, and not a sample.

    Args:
      trials: All trials of a study.
      chance: Name of a variant to the error of guessing, which a trial that diverged counts as.
    """
    rows = []
    for variant in dict.fromkeys(trial.variant for trial in trials):
        every = [t for t in trials if t.variant == variant and not t.beyond_grid]
        if len({trial.steps for trial in every}) > 1:
            continue
        trial_errors = [trial.validation_error for trial in every]
        guess = chance[variant]
        errors = expected_best([guess if math.isnan(error) else error for error in trial_errors])
        needed = 1 + int(np.argmax(errors <= errors[-1] + _WITHIN))
        rows += [
            ExpectedBest(
                variant=variant, trials=count, validation_error=float(error), needed=needed
            )
            for count, error in enumerate(errors, start=1)
        ]
    return rows
