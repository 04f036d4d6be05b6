"""How a study was run, as far as what to do next depends on it."""

from __future__ import annotations

import dataclasses
import math
import shlex
from collections.abc import Collection, Mapping
from pathlib import Path

import pandas as pd

from depthstudy import records
from depthstudy.config import StudyConfig
from depthstudy.evidence.claims.pairing import VariantSettings
from depthstudy.plan.variants.variant import TREATMENT


@dataclasses.dataclass(frozen=True)
class Past:
    """How a study was run.

    Attributes:
      study: Its config.
      command: The command line, or ``""``.
      workdir: Its folder.
      processes: In how many processes it was trained.
      summary: Its finished runs; the time of one that diverged is NaN.
      settings: Name of a variant to all its settings by dotted field.
      chance: Name of a variant to the error of guessing, where it is known.
      extra_trials: How many trials beyond the grid of tuning a net had, at most.
    """

    study: StudyConfig
    command: str
    workdir: Path
    processes: int
    summary: pd.DataFrame
    settings: VariantSettings
    chance: Mapping[str, float] = dataclasses.field(default_factory=dict)
    extra_trials: int = 0

    def with_flags(self, **flags: str) -> str:
        """Returns the command line with fields of the config set, or ``""`` without one.

        What a time budget has left out stays out, and no budget leaves out what is set.
        """
        words = shlex.split(self.command)
        if "run" not in words:  # as of a notebook, which has no flags
            return ""
        if self.study.time_budget is not None:
            left = {"seeds": str(self.study.seeds), "sweep": repr(self.study.sweep)}
            flags = {"time_budget": "None"} | left | flags
        names = tuple(f"--config.{name}=" for name in flags)
        kept = [word for word in words if not word.startswith(names)]
        return shlex.join([*kept, *(f"--config.{name}={value}" for name, value in flags.items())])

    def can_grow(self, name: str) -> bool:
        """Whether more seeds, or depths, add runs like those of a net: not if it is longer."""
        return records.factor_of(str(self.settings[name].get(TREATMENT, ""))) is None

    def seconds(self, names: Collection[str], times: Mapping[str, float] | float) -> float | None:
        """Returns the wall time of further runs of some variants: so many of each.

        It is ``None`` where the runs of one of them have all diverged, and so tell no time.
        """
        means = self.summary.groupby("variant")["seconds"].mean()
        of = times.get if isinstance(times, Mapping) else lambda name: times
        more = {name: float(of(name) or 0) for name in names if name in means}
        total = sum(float(means[name]) * runs for name, runs in more.items() if runs)
        return None if math.isnan(total) else total / max(1, self.processes)
