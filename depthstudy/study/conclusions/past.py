"""How a study was run, as far as what to do next depends on it."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Collection, Mapping
from pathlib import Path

import pandas as pd

from depthstudy.config import StudyConfig
from depthstudy.evidence.claims.pairing import VariantSettings


@dataclasses.dataclass(frozen=True)
class Past:
    """How a study was run.

    Attributes:
      study: Its config.
      command: The command line, or ``""``.
      workdir: Its folder.
      processes: In how many processes it was trained.
      summary: Its finished runs.
      settings: Name of a variant to all its settings by dotted field.
    """

    study: StudyConfig
    command: str
    workdir: Path
    processes: int
    summary: pd.DataFrame
    settings: VariantSettings

    def with_flags(self, **flags: str) -> str:
        """Returns the command line with fields of the config set, or ``""`` without one."""
        if not self.command:
            return ""
        names = tuple(f"--config.{name}=" for name in flags)
        kept = [part for part in shlex.split(self.command) if not part.startswith(names)]
        return shlex.join([*kept, *(f"--config.{name}={value}" for name, value in flags.items())])

    def seconds(self, names: Collection[str], times: Mapping[str, float] | float) -> float:
        """Returns the wall time of further runs of some variants: so many of each."""
        means = self.summary.groupby("variant")["seconds"].mean()
        of = times.get if isinstance(times, Mapping) else lambda name: times
        total = sum(float(means[name]) * float(of(name) or 0) for name in names if name in means)
        return total / max(1, self.processes)
