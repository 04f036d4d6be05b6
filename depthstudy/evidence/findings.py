"""All that the runs of a study say: its tables, verdicts, causes and recommendation."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pandas as pd

from depthstudy import records
from depthstudy.config import Hypothesis, Treatment
from depthstudy.evidence import deeper, means, metrics
from depthstudy.evidence.causes import attribution, decomposition, matched
from depthstudy.evidence.choice import recommendation, tuning_effort
from depthstudy.evidence.claims import pools, robustness, substitution
from depthstudy.evidence.claims.looks import ONCE, Looks, compared, judge_at_looks
from depthstudy.evidence.costs import gains, pareto, pruning
from depthstudy.evidence.longer import longer_nets
from depthstudy.evidence.material import Material
from depthstudy.evidence.mistakes import classes
from depthstudy.evidence.mistakes import images as image_mistakes


@dataclasses.dataclass(frozen=True, kw_only=True)
class Findings:
    """What a study says, each entry a table but for the recommendation."""

    verdicts: tuple[records.Verdict, ...] = ()
    tuned_verdicts: tuple[records.Verdict, ...] = ()
    robustness: tuple[records.Robustness, ...] = ()
    decomposition: tuple[records.Decomposition, ...] = ()
    attribution: tuple[records.Attribution, ...] = ()
    matched: tuple[records.MatchedGap, ...] = ()
    means: tuple[records.Mean, ...] = ()
    pareto: tuple[records.ParetoPoint, ...] = ()
    pruning: tuple[records.PrunedNet, ...] = ()
    gains: tuple[records.Gain, ...] = ()
    recommendation: records.Recommendation | None = None
    no_choice: records.NoChoice = ""
    deeper: tuple[records.DepthAnswer, ...] = ()
    expected_best: tuple[records.ExpectedBest, ...] = ()
    class_errors: tuple[records.ClassError, ...] = ()
    confusion: tuple[records.Confusion, ...] = ()
    flips: tuple[records.Flips, ...] = ()
    mistakes: tuple[records.Mistake, ...] = ()


def find(
    material: Material,
    hypotheses: Sequence[Hypothesis],
    treatments: Sequence[Treatment],
    looks: Looks = ONCE,
) -> Findings:
    """Returns what a study says.

    Own settings and longer trainings count as treatments of what depth lost; nets that were trained
    longer are compared with none that were not, and controls are not recommended. The time of a run
    that diverged counts in no mean.

    Args:
      material: What there is to judge by.
      hypotheses: What is to be decided.
      treatments: Those of the config.
      looks: As in ``judge``.
    """
    measured = _measured(material, hypotheses)
    judged = _judged(material, measured, hypotheses, looks)
    tuned = tuple(_tuned_verdicts(material, hypotheses))
    tried = tuple(_robustness(material, measured, hypotheses, judged, tuned))
    material = material.whole()
    summary = metrics.widen(material.summary, material.trained, ())
    infos = material.variants
    counted = material.counted
    groups = {info.name: info.group for info in infos}
    comparable = [info for info in infos if not info.trained_longer]
    controls = _controls(material, treatments)
    chosen = recommendation.recommend(
        summary,
        comparable,
        **counted,
        validated=material.validated,
        budgets=material.budgets,
        baselines=material.baselines,
        controls=controls,
    )
    depths = deeper.answers(summary, infos, **counted, baselines=material.baselines)
    return Findings(
        verdicts=tuple(judged),
        tuned_verdicts=tuned,
        robustness=tried,
        decomposition=tuple(
            decomposition.decompose(summary, infos, **counted, baselines=material.baselines)
        ),
        attribution=tuple(
            attribution.attribute(
                summary,
                infos,
                [*treatments, *_follow_ups(infos)],
                **counted,
                baselines=material.baselines,
                budgets=material.budgets,
            )
        ),
        matched=tuple(matched.gaps(material.trained, groups)),
        means=tuple(means.over_seeds(summary, [*material.trained, *material.probed], **counted)),
        pareto=tuple(pareto.points(summary, comparable, **counted, budgets=material.budgets)),
        pruning=tuple(
            pruning.compare(
                summary,
                material.trained,
                infos,
                material.pruned,
                **counted,
                budgets=material.budgets,
                baselines=material.baselines,
            )
        ),
        gains=tuple(gains.against_first(summary, comparable, **counted, budgets=material.budgets)),
        recommendation=chosen,
        no_choice=recommendation.no_choice(
            summary,
            comparable,
            images=material.images,
            budgets=material.budgets,
            baselines=material.baselines,
            controls=controls,
        ),
        deeper=tuple(depths),
        expected_best=tuple(tuning_effort.expected(material.trials, material.chance)),
        class_errors=tuple(classes.by_class(material.answers, material.class_names)),
        confusion=tuple(_confusion(material, chosen)),
        flips=tuple(
            image_mistakes.flips(material.answers, row.group, row.deepest, row.against)
            for row in depths
            if {row.deepest, row.against} <= material.answers.keys()
        ),
        mistakes=tuple(_mistakes(material, chosen, depths)),
    )


def judge(
    material: Material, hypotheses: Sequence[Hypothesis], looks: Looks = ONCE
) -> list[records.Verdict]:
    """Returns the verdict on each hypothesis.

    Args:
      material: What there is to judge by.
      hypotheses: What is to be decided.
      looks: The numbers of seeds at which it is looked until a hypothesis is decided, and the level
        of each, with the most seeds there may be at last. Empty is one look at all seeds.
    """
    return _judged(material, _measured(material, hypotheses), hypotheses, looks)


def _judged(
    material: Material,
    measured: pd.DataFrame,
    hypotheses: Sequence[Hypothesis],
    looks: Looks,
) -> list[records.Verdict]:
    return judge_at_looks(
        measured,
        material.settings,
        hypotheses,
        looks,
        predictions=pools.predictions(material.predictions, material.pools),
        images=pools.images(material.images, material.pools),
        chance=pools.chances(material.chance, material.pools),
        baselines=pools.baselines(material.baselines, material.pools),
        budgets=pools.budgets(material.budgets, material.pools),
        follow_ups=material.follow_ups,
    )


def _measured(material: Material, hypotheses: Sequence[Hypothesis]) -> pd.DataFrame:
    table = metrics.widen(
        material.summary,
        [*material.trained, *material.probed],
        [hypothesis.metric for hypothesis in hypotheses],
    )
    return pools.rows(table, material.pools) if material.pools else table


def _robustness(
    material: Material,
    measured: pd.DataFrame,
    hypotheses: Sequence[Hypothesis],
    judged: Sequence[records.Verdict],
    tuned: Sequence[records.Verdict],
) -> list[records.Robustness]:
    infos = material.variants
    return robustness.robustness(
        hypotheses,
        judged,
        measured,
        material.settings,
        tuned={info.untreated: info.name for info in infos if info.has_own_settings},
        tuned_words={verdict.hypothesis: verdict.verdict for verdict in tuned},
        longer=longer_nets(infos),
    )


def _tuned_verdicts(material: Material, hypotheses: Sequence[Hypothesis]) -> list[records.Verdict]:
    """Returns the verdicts with each net at its own settings, where all that compare were tuned."""
    tuned = {i.untreated: i.name for i in material.variants if i.has_own_settings}
    asked = [
        h
        for h in hypotheses
        if metrics.is_trained(h.metric)
        and "." not in h.metric
        and compared([h], material.settings) <= tuned.keys()
    ]
    if not (tuned and asked):
        return []
    summary, predictions = substitution.substitute(material.summary, material.predictions, tuned)
    seen = {old: material.budgets[new] for old, new in tuned.items() if new in material.budgets}
    return judge_at_looks(
        summary,
        material.settings,
        asked,
        ONCE,
        predictions=predictions,
        images=material.images,
        chance=material.chance,
        baselines=material.baselines,
        budgets={**material.budgets, **seen},
        follow_ups=material.follow_ups,
    )


def _controls(material: Material, treatments: Sequence[Treatment]) -> set[str]:
    """Returns the names of variants with a control's treatment, or pruned as a control."""
    of_treatments = {treatment.name for treatment in treatments if treatment.control_of}
    treated = {info.name for info in material.variants if info.treatment in of_treatments}
    return treated | {name for name, prune in material.pruned.items() if prune.is_control}


def _confusion(
    material: Material, chosen: records.Recommendation | None
) -> list[records.Confusion]:
    if chosen is None or chosen.variant not in material.answers:
        return []
    return classes.confusion(chosen.variant, material.answers[chosen.variant], material.class_names)


def _mistakes(
    material: Material,
    chosen: records.Recommendation | None,
    depths: Sequence[records.DepthAnswer],
) -> list[records.Mistake]:
    """Returns the worst mistakes of the recommended net, and what depth changes in its group."""
    answers, names = material.answers, material.class_names
    rows: list[records.Mistake] = []
    if chosen is not None and chosen.variant in answers:
        rows += image_mistakes.worst(answers, chosen.variant, names)
    headline = deeper.headline(depths, chosen, material.variants)
    if headline is not None and {headline.deepest, headline.against} <= answers.keys():
        rows += image_mistakes.flipped(answers, headline.deepest, headline.against, names)
    return rows


def _follow_ups(infos: Sequence[records.VariantInfo]) -> list[Treatment]:
    """Returns what results asked for as treatments: settings of its own, and a longer training."""
    asked = {i.treatment: i for i in infos if i.has_own_settings or i.trained_longer}
    return [
        Treatment(name, "recipe" if info.has_own_settings else "budget", ())
        for name, info in asked.items()
    ]
