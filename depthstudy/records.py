"""The flat tables in which a study speaks.

Training, probes and verdicts write them, the report reads them.

Errors and accuracies are fractions in [0, 1]; times are seconds.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any, Literal

import pandas as pd

VerdictWord = Literal["supported", "refuted", "inconclusive", "not tested"]


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
    """

    study: str
    variant: str
    seed: int
    step: int
    probe: str
    layer: str = ""
    metric: str
    value: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Summary:
    """One finished run in a line: a row of ``summary.csv``.

    ``seconds`` is the wall time of its training and evaluation; of a pruned run, with that of the
    dense run that it started from.
    """

    variant: str
    seed: int
    train_error: float
    test_error: float
    gap: float
    parameters: int
    macs: int
    seconds: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the evidence says of one hypothesis: a row of ``verdicts.csv``.

    Attributes:
      hypothesis: Name of the hypothesis.
      verdict: The word that the evidence allows.
      effect: Estimated effect, in units of the metric (NaN where not tested).
      low: Lower end of the 95% confidence interval of the effect.
      high: Upper end of the same interval.
      p: p value, Holm-adjusted over the hypotheses of the study.
      seeds: Number of paired seeds that the verdict rests on.
      seeds_to_settle: For an inconclusive verdict, the seeds that would settle it at the observed
        effect and spread; otherwise ``None``, as also where no number of seeds would.
    """

    hypothesis: str
    verdict: VerdictWord
    effect: float
    low: float
    high: float
    p: float
    seeds: int
    seeds_to_settle: int | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Decomposition:
    """Where the accuracy of a deeper net went: a row of ``decomposition.csv``.

    Test error is train error plus gap, so the excess of a variant over the best depth of its group
    is the excess of train error (optimisation) plus the excess of the gap (generalisation).

    Attributes:
      group: Settings that the compared variants share, as ``"plain"`` or ``"plain, norm=none"``.
      variant: The deeper variant.
      best: The variant of the group's best depth, with the least mean test error.
      part: ``"total"``, ``"optimisation"`` or ``"generalisation"``.
      effect: Mean over the paired seeds of variant minus best.
      low: Lower end of its 95% confidence interval.
      high: Upper end of the same interval.
      seeds: Number of paired seeds.
    """

    group: str
    variant: str
    best: str
    part: Literal["total", "optimisation", "generalisation"]
    effect: float
    low: float
    high: float
    seeds: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class MatchedGap:
    """The gap of a variant when it had learned as much as the worst: a row of ``matched.csv``.

    What is compared are the variants of a group, seed by seed. The level is the train loss at which
    the worst-trained of them ends; each is looked at when its train loss first is at that level or
    below it.

    Attributes:
      group: Settings that the compared variants share.
      variant: Name of the variant.
      level: Mean of the level over the seeds, in nats.
      train_loss: Mean of its own train loss when it is looked at, in nats.
      step: Mean of the step at which that is.
      gap: Mean of its test error minus its train error at that step.
      low: Lower end of the gap's 95% confidence interval; NaN with fewer than two seeds.
      high: Upper end of the same interval.
      seeds: Number of seeds.
    """

    group: str
    variant: str
    level: float
    train_loss: float
    step: float
    gap: float
    low: float
    high: float
    seeds: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Attribution:
    """What a treatment wins back of a deep net's excess error: a row of ``attribution.csv``.

    The excess is the test error of the deep variant minus that of the best depth of its group. Its
    rows are there only where it is more than chance: where its interval lies above zero.

    Attributes:
      group: Settings that the untreated variants share, as ``"plain"``.
      variant: The deeper variant, untreated.
      best: The variant of the group's best depth, untreated.
      mechanism: What the treatment is aimed at, as in ``config.Treatment``.
      treatment: Name of the treatment.
      excess: Mean excess over the seeds that ``variant`` and ``best`` share.
      excess_low: Lower end of its 95% confidence interval.
      excess_high: Upper end of the same interval.
      gain: How much the treatment lowers the test error of ``variant``.
      gain_at_best: How much it lowers that of ``best``: what it does for any net.
      recovered: ``gain``, less ``gain_at_best`` where that is above zero.
      low: Lower end of the 95% confidence interval of ``recovered``.
      high: Upper end of the same interval.
      share: ``recovered`` as a share of the excess.
      share_low: Lower end of its 95% interval (Fieller 1954); NaN where it has no bounds.
      share_high: Upper end of the same interval.
      optimisation_part: The part of ``recovered`` that is train error.
      generalisation_part: The part that is the gap; the two add up to ``recovered``.
      control_of: Name of the treatment that this one is the control of, or ``""``.
      seeds: Number of seeds that the four variants share, on which all but the excess rests.
    """

    group: str
    variant: str
    best: str
    mechanism: str
    treatment: str
    excess: float
    excess_low: float
    excess_high: float
    gain: float
    gain_at_best: float
    recovered: float
    low: float
    high: float
    share: float
    share_low: float
    share_high: float
    optimisation_part: float
    generalisation_part: float
    control_of: str = ""
    seeds: int

    @property
    def established(self) -> bool:
        """Whether the treatment wins back more than chance would show."""
        return self.low > 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recommendation:
    """The variant to take, and what it saves: the content of ``recommendation.json``.

    Attributes:
      variant: Name of the variant.
      group: Its group.
      treatment: Its treatment, or ``""``.
      depth: Weight layers on the longest path.
      parameters: Trained numbers.
      macs: Multiply-accumulates for one image.
      seconds: Mean wall time of a run.
      test_error: Mean over its seeds.
      low: Lower end of its 95% confidence interval; ``None`` with fewer than two seeds.
      high: Upper end of the same interval.
      seeds: Number of its seeds.
      best: The variant of least mean test error, which may be the same.
      over_best: Mean test error over that of ``best``.
      macs_saved_best: Share of the multiply-accumulates of ``best`` that it saves.
      deepest: The deepest variant, of equally deep ones that of least mean test error.
      over_deepest: Mean test error over that of ``deepest``; below zero it is better.
      macs_saved_deepest: Share of the multiply-accumulates of ``deepest`` that it saves.
    """

    variant: str
    group: str
    treatment: str
    depth: int
    parameters: int
    macs: int
    seconds: float
    test_error: float
    low: float | None
    high: float | None
    seeds: int
    best: str
    over_best: float
    macs_saved_best: float
    deepest: str
    over_deepest: float
    macs_saved_deepest: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class VariantInfo:
    """A variant as the report needs it: how it differs from the others, and what it costs.

    Attributes:
      name: Name of the variant, as in every table.
      group: Its settings but for depth, as ``"plain"`` or ``"plain + residual"`` if it is treated;
        variants of a group differ in depth only.
      settings: The fields in which the variants of the study differ, and their values here.
      depth: Weight layers on the longest path.
      parameters: Trained numbers.
      macs: Multiply-accumulates for one image.
      activations: Outputs of all convolutions and dense layers for one image.
      receptive_field: Side, in pixels of the input, of what one last feature sees.
      image_shape: Height, width and channels of the input.
      steps: Training steps of one run.
      treatment: Name of the treatment that it has on top, or ``""``.
      untreated: Name of the variant without the treatment, or ``""``.
      dense: Name of the variant from whose trained nets its own start, or ``""``.
      same_as: Name of a variant that is the same net, trained alike, and has the runs of both.
    """

    name: str
    group: str
    settings: dict[str, Any]
    depth: int
    parameters: int
    macs: int
    activations: int
    receptive_field: int
    image_shape: tuple[int, int, int]
    steps: int
    treatment: str = ""
    untreated: str = ""
    dense: str = ""
    same_as: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class StudyInfo:
    """What was run, on what and in what time: the content of ``study.json``.

    Attributes:
      name: Name of the study.
      command: The command line that ran it.
      config: The whole config as nested plain values.
      seeds: Number of seeds of each variant.
      variants: All variants, in the order of the plan.
      versions: Name of a package to its version.
      hardware: For example ``{"platform": "cpu", "devices": "1", "machine": "x86_64, 2 cores"}``.
      seconds: Wall time by part: ``"compile"``, ``"train"``, ``"evaluate"``, ``"total"``; but for
        the total, times of processes are added up.
      finished: ISO time at which the last run ended.
      processes: In how many processes it was trained, at most.
    """

    name: str
    command: str
    config: dict[str, Any]
    seeds: int
    variants: tuple[VariantInfo, ...]
    versions: dict[str, str]
    hardware: dict[str, str]
    seconds: dict[str, float]
    finished: str
    processes: int = 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class AnalysisRun:
    """One checkpoint, or file of weights, that was analysed.

    A file of weights has its path as ``folder``, its name as ``study``, its net as ``variant``, and
    0 as seed and step.

    Attributes:
      folder: The run folder.
      study: Name of its study.
      variant: Name of its variant.
      seed: Its seed.
      step: Step of the checkpoint.
      family: Family of its architecture.
      depth: Weight layers on the longest path.
      image_shape: Height, width and channels of the input.
      images: What was looked at, of a file of weights; ``""`` for a run, which has its own data.
    """

    folder: str
    study: str
    variant: str
    seed: int
    step: int
    family: str
    depth: int
    image_shape: tuple[int, int, int]
    images: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Guess:
    """What a net says of an image without a label: a row of ``guesses.csv``.

    Attributes:
      image: Name of the image.
      rank: 1 for the class of greatest probability.
      number: The class, counted from 0.
      name: Its name, or its number as text.
      probability: Softmax of the logits.
    """

    image: str
    rank: int
    number: int
    name: str
    probability: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class AnalysisInfo:
    """What was analysed, and how: the content of ``analysis.json``.

    Attributes:
      command: The command line.
      runs: The checkpoints, in the order in which they were named.
      probes: Name of each probe to its one line.
      seconds: Wall time of each probe over all runs.
      versions: Name of a package to its version.
      hardware: As in ``StudyInfo``.
    """

    command: str
    runs: tuple[AnalysisRun, ...]
    probes: dict[str, str]
    seconds: dict[str, float]
    versions: dict[str, str]
    hardware: dict[str, str]


def frame(kind: type, rows: Iterable[Any]) -> pd.DataFrame:
    """Returns ``rows`` of one of the kinds above as a table whose columns are the kind's fields."""
    columns = [field.name for field in dataclasses.fields(kind)]
    return pd.DataFrame([dataclasses.asdict(row) for row in rows], columns=columns)
