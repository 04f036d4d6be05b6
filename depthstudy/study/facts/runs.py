"""The runs of a study in its folder: how each ended, and what was damaged."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

from depthstudy import store
from depthstudy.config import StudyConfig
from depthstudy.plan import Variant
from depthstudy.store import Outcome, RunStore


@dataclasses.dataclass(frozen=True, eq=False)
class StudyRuns:
    """The runs of a study, those that are done and those that are not.

    Attributes:
      study: The config of the study.
      variants: Its variants.
      workdir: Its folder.
    """

    study: StudyConfig
    variants: Sequence[Variant]
    workdir: Path

    def of(self, variants: Sequence[Variant]) -> StudyRuns:
        """Returns the runs of other variants in the same folder."""
        return dataclasses.replace(self, variants=variants)

    @property
    def stores(self) -> Mapping[str, RunStore]:
        """Each run, as ``"resnet_depth8 seed 0"``; those that two variants share once."""
        return {
            f"{variant.name} seed {seed}": RunStore.of(self.workdir, variant.name, seed)
            for variant in self.variants
            if not variant.info.same_as
            for seed in variant.seeds_in(self.study)
        }

    def outcomes(self) -> list[Outcome]:
        """Returns how each run ended that is done."""
        runs = self.stores.values()
        return [outcome for run in runs if (outcome := run.read_outcome()) is not None]

    def damages(self) -> dict[str, tuple[str, ...]]:
        """Returns by run the names of damaged files that it had."""
        runs = self.stores.items()
        return {name: tuple(names) for name, run in runs if (names := store.damages(run))}
