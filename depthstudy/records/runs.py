"""What one run measured, number by number, and in a line."""

from __future__ import annotations

import dataclasses
import math


@dataclasses.dataclass(frozen=True, kw_only=True)
class Record:
    """One measured number: what was measured, where in the net, when, and on which run.

    Attributes:
      study: Name of the study.
      variant: Name of the variant (one setting of every config field but the seed).
      seed: Seed of the run.
      step: Training step at which the number was measured.
      probe: What measured it: ``"training"``, ``"evaluation"``, ``"run"`` or a probe's name.
      layer: Parameter path of the layer that it speaks of, or ``""`` for the whole net.
      metric: What the number is, for example ``"test_error"``.
      value: The number itself.
      low: Lower end of its 95% interval over images, from drawing them anew; ``None`` of what is no
        mean over images.
      high: Upper end.
    """

    study: str
    variant: str
    seed: int
    step: int
    probe: str
    layer: str = ""
    metric: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Summary:
    """One finished run in a line: a row of ``summary.csv``.

    Errors are fractions of images or, with ``config.metric="balanced_error"``, means over classes.
    ``balanced_error`` is the latter of the test images in any case, ``majority_error`` the error of
    always naming the largest class; either is NaN where it is not known. ``gap`` is test error
    minus train error; ``validation_error`` is NaN where nothing is held out. ``unfinished`` says
    whether the train loss was still falling at the end, by more than its noise. ``seconds`` is the
    wall time of its training and evaluation; of a pruned run, with that of the dense run that it
    started from.
    """

    variant: str
    seed: int
    train_error: float
    validation_error: float = math.nan
    test_error: float
    gap: float
    unfinished: bool = False
    parameters: int
    macs: int
    seconds: float
    balanced_error: float = math.nan
    majority_error: float = math.nan
