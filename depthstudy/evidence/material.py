"""What there is to judge a study by: its finished runs, and what each net is."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TypedDict

import pandas as pd

from depthstudy import records
from depthstudy.config import Pool, PruneConfig
from depthstudy.evidence.baseline import Baselines
from depthstudy.evidence.claims.pairing import VariantSettings
from depthstudy.evidence.image_counts import ImageCounts
from depthstudy.evidence.mistakes.answers import Answers
from depthstudy.evidence.panel import ErrorsByVariant


class Counted(TypedDict):
    """The images that errors are counted on, as ``panel.measure`` takes them."""

    predictions: ErrorsByVariant
    images: ImageCounts


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Material:
    """What there is to judge by.

    Attributes:
      summary: Finished runs, with the columns of ``records.Summary``.
      trained: What training measured.
      probed: What probes measured.
      variants: The variants, in the order of the plan.
      settings: Name of a variant to all its settings by dotted field.
      pruned: Name of a variant to how it is pruned.
      predictions: Name of a variant to whether each of its runs errs on each test image.
      validated: The same of the validation images.
      images: By error and variant, the number of images that it is counted on.
      budgets: Name of a variant to how many images one of its runs has seen.
      chance: Name of a variant to the error of guessing.
      trials: What was tried in tuning.
      answers: Name of a variant to what its runs say of each test image; of the same images.
      class_names: Names of the classes, in the order of their labels.
      baselines: By error and variant, that of always naming the largest class, where it is known.
      pools: Nets whose runs stand together in a hypothesis.
      partial: Names of the variants that have fewer seeds than others, and only stand for pools:
        they are judged there and shown nowhere else.
    """

    summary: pd.DataFrame
    trained: Sequence[records.Record]
    probed: Sequence[records.Record]
    variants: Sequence[records.VariantInfo]
    settings: VariantSettings
    pruned: Mapping[str, PruneConfig]
    predictions: ErrorsByVariant
    images: ImageCounts
    budgets: Mapping[str, float]
    chance: Mapping[str, float]
    trials: Sequence[records.TrialRow] = ()
    answers: Mapping[str, Answers] = dataclasses.field(default_factory=dict)
    class_names: Sequence[str] = ()
    baselines: Baselines = dataclasses.field(default_factory=dict)
    validated: ErrorsByVariant = dataclasses.field(default_factory=dict)
    pools: Sequence[Pool] = ()
    partial: frozenset[str] = frozenset()

    @property
    def counted(self) -> Counted:
        """The images that errors are counted on."""
        return {"predictions": self.predictions, "images": self.images}

    @property
    def follow_ups(self) -> frozenset[str]:
        """Names of the variants that followed from results."""
        followed = (i for i in self.variants if i.has_own_settings or i.trained_longer)
        return frozenset(info.name for info in followed)

    def whole(self) -> Material:
        """Returns what there is of variants with all seeds."""
        summary = self.summary[~self.summary["variant"].isin(self.partial)]
        return dataclasses.replace(
            self,
            summary=summary.reset_index(drop=True),
            trained=[row for row in self.trained if row.variant not in self.partial],
            probed=[row for row in self.probed if row.variant not in self.partial],
            variants=[info for info in self.variants if info.name not in self.partial],
            answers={n: x for n, x in self.answers.items() if n not in self.partial},
            pools=(),
        )
