"""All that the runs of a study say: its tables, verdicts, causes and recommendation."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import pandas as pd

from depthstudy import records
from depthstudy.config import Hypothesis, Pool, PruneConfig, Treatment
from depthstudy.evidence import means, metrics
from depthstudy.evidence.causes import attribution, decomposition, matched
from depthstudy.evidence.choice import recommendation
from depthstudy.evidence.claims import pools, robustness
from depthstudy.evidence.claims.looks import judge_at_looks
from depthstudy.evidence.claims.pairing import VariantSettings
from depthstudy.evidence.costs import gains, pareto, pruning
from depthstudy.evidence.panel import Predictions


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
      images: Name of an error to the number of images that it is counted on.
      budgets: Name of a variant to how many images one of its runs has seen.
      chance: The error of guessing.
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
    predictions: Predictions
    images: Mapping[str, int]
    budgets: Mapping[str, float]
    chance: float
    pools: Sequence[Pool] = ()
    partial: frozenset[str] = frozenset()

    def whole(self) -> Material:
        """Returns what there is of variants with all seeds."""
        summary = self.summary[~self.summary["variant"].isin(self.partial)]
        return dataclasses.replace(
            self,
            summary=summary.reset_index(drop=True),
            trained=[row for row in self.trained if row.variant not in self.partial],
            probed=[row for row in self.probed if row.variant not in self.partial],
            variants=[info for info in self.variants if info.name not in self.partial],
            pools=(),
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Findings:
    """What a study says, each entry a table but for the recommendation."""

    verdicts: tuple[records.Verdict, ...]
    robustness: tuple[records.Robustness, ...]
    decomposition: tuple[records.Decomposition, ...]
    attribution: tuple[records.Attribution, ...]
    matched: tuple[records.MatchedGap, ...]
    means: tuple[records.Mean, ...]
    pareto: tuple[records.ParetoPoint, ...]
    pruning: tuple[records.PrunedNet, ...]
    gains: tuple[records.Gain, ...]
    recommendation: records.Recommendation | None


def find(
    material: Material,
    hypotheses: Sequence[Hypothesis],
    treatments: Sequence[Treatment],
    looks: Sequence[int] = (),
) -> Findings:
    """Returns what a study says.

    Own settings and longer trainings count as treatments of what depth lost; nets that were trained
    longer are compared with none that were not, and controls are not recommended.

    Args:
      material: What there is to judge by.
      hypotheses: What is to be decided.
      treatments: Those of the config.
      looks: As in ``judge``.
    """
    judged = judge(material, hypotheses, looks)
    tried = tuple(_robustness(material, hypotheses, judged))
    material = material.whole()
    summary, infos = material.summary, material.variants
    wrong, images = material.predictions, material.images
    groups = {info.name: info.group for info in infos}
    comparable = [info for info in infos if not info.trained_longer]
    return Findings(
        verdicts=tuple(judged),
        robustness=tried,
        decomposition=tuple(
            decomposition.decompose(
                summary,
                groups,
                {info.name: info.depth for info in infos},
                predictions=wrong,
                images=images,
            )
        ),
        attribution=tuple(
            attribution.attribute(
                summary,
                infos,
                [*treatments, *_follow_ups(infos)],
                predictions=wrong,
                images=images,
            )
        ),
        matched=tuple(matched.gaps(material.trained, groups)),
        means=tuple(means.over_seeds(summary, material.probed)),
        pareto=tuple(pareto.points(summary, comparable)),
        pruning=tuple(pruning.compare(summary, material.trained, infos, material.pruned)),
        gains=tuple(gains.against_first(summary, comparable)),
        recommendation=recommendation.recommend(
            summary,
            comparable,
            predictions=wrong,
            images=images,
            budgets=material.budgets,
            controls=[treatment.name for treatment in treatments if treatment.control_of],
        ),
    )


def judge(
    material: Material, hypotheses: Sequence[Hypothesis], looks: Sequence[int] = ()
) -> list[records.Verdict]:
    """Returns the verdict on each hypothesis.

    Args:
      material: What there is to judge by.
      hypotheses: What is to be decided.
      looks: The numbers of seeds at which it is looked until a hypothesis is decided, growing, with
        the most there may be at last. Empty is one look at all seeds.
    """
    return judge_at_looks(
        _measured(material, hypotheses),
        material.settings,
        hypotheses,
        looks,
        predictions=pools.predictions(material.predictions, material.pools),
        images=material.images,
        chance=material.chance,
    )


def _measured(material: Material, hypotheses: Sequence[Hypothesis]) -> pd.DataFrame:
    table = metrics.widen(
        material.summary,
        [*material.trained, *material.probed],
        [hypothesis.metric for hypothesis in hypotheses],
    )
    return pools.rows(table, material.pools) if material.pools else table


def _robustness(
    material: Material, hypotheses: Sequence[Hypothesis], judged: Sequence[records.Verdict]
) -> list[records.Robustness]:
    infos = material.variants
    longer = sorted((i for i in infos if i.trained_longer), key=lambda info: info.steps)
    return robustness.robustness(
        hypotheses,
        judged,
        _measured(material, hypotheses),
        material.settings,
        tuned={info.untreated: info.name for info in infos if info.has_own_settings},
        longer={info.untreated: info.name for info in longer},
    )


def _follow_ups(infos: Sequence[records.VariantInfo]) -> list[Treatment]:
    """Returns what results asked for as treatments: settings of its own, and a longer training."""
    asked = {i.treatment: i for i in infos if i.has_own_settings or i.trained_longer}
    return [
        Treatment(name, "recipe" if info.has_own_settings else "budget", ())
        for name, info in asked.items()
    ]
