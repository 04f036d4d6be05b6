"""What an architecture search tried and found."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

RANDOM = "random"  # the method that draws all nets
SCALED = "scaled"  # that of families that are made as wide as they may be


@dataclasses.dataclass(frozen=True, kw_only=True)
class SearchedNet:
    """A net that a search tried: a row of ``search.csv``.

    Attributes:
      method: What proposed it: ``"tpe"``, ``"nsga2"``, ``"random"``, or ``"scaled"`` for a family.
      stratum: The depths that it was searched among, as ``"4 to 9"``, or its family.
      repeat: Which repetition of the search, from 0.
      trial: Its number in the search, from 0.
      net: Name of its run, without the length of the training.
      settings: The fields of the config that it sets, as JSON.
      genome: What was chosen, as JSON.
      depth: Weight layers on the longest path.
      parameters: Trained numbers.
      macs: Multiply-accumulates for one image.
      latency_ms: Milliseconds for one image; NaN where it was not measured.
      learning_rate: The rate that it was trained with.
      validation_error: In the first round, which all nets have in common; NaN where it diverged.
      longest_share: Share of the full training for which it was tried longest.
      longest_error: Validation error of that; NaN where it diverged.
      chosen: Whether it is the one that its search chose.
      on_front: Whether none of its stratum has both no greater validation error and no more
        multiply-accumulates.
    """

    method: str
    stratum: str
    repeat: int
    trial: int
    net: str
    settings: str
    genome: str
    depth: int
    parameters: int
    macs: int
    latency_ms: float
    learning_rate: float
    validation_error: float
    longest_share: float
    longest_error: float
    chosen: bool
    on_front: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class SearchProgress:
    """The best net of a search after so many: a row of ``progress.csv``.

    Attributes:
      method: What proposed the nets.
      trained: How many had been trained in each stratum.
      validation_error: Least validation error of a first round by then, over all strata; the mean
        over repeats.
      depth: Depth of that net; the mean over repeats.
      repeats: Number of repeats.
    """

    method: str
    trained: int
    validation_error: float
    depth: float
    repeats: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class ScoreRank:
    """How a score of untrained nets ranks them: a row of ``scores.csv``.

    Attributes:
      score: ``"synflow"``, ``"jacobian_covariance"``, ``"gradient_norm"``; or, as controls,
        ``"parameters"`` and ``"macs"``.
      nets: Number of nets.
      tau: Kendall's tau-b with the validation accuracy: 1 where it ranks as training does.
      low: Lower end of its 95% interval, from drawing nets anew.
      high: Upper end of the same interval.
      over_parameters: Its tau minus that of the number of parameters; NaN for that one.
      over_low: Lower end of the interval of that, 95% for all scores together.
      over_high: Upper end of the same interval.
      partial: Rank correlation with the accuracy, given parameters and multiply-accumulates; NaN
        for these.
      word: Whether it ranks better than the number of parameters does.
    """

    score: str
    nets: int
    tau: float
    low: float
    high: float
    over_parameters: float
    over_low: float
    over_high: float
    partial: float
    word: Literal["", "supported", "refuted", "inconclusive"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class GeneImportance:
    """How much of the error of nets a choice explains: a row of ``importance.csv``.

    Attributes:
      gene: Name of the choice, as ``"stage1.kind"``.
      importance: Its share of the variance of the validation error (functional ANOVA, Hutter,
        Hoos & Leyton-Brown 2014); all shares together are 1.
      nets: Number of nets.
    """

    gene: str
    importance: float
    nets: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class SearchInfo:
    """What was searched, and what came of it: the content of ``search.json``.

    Attributes:
      space: The space, as JSON.
      size: How many choices it has.
      config: ``config.search`` as plain values.
      rates: Learning rate by stratum or family; empty where none was tuned.
      rejected: By method, how many choices were over a limit.
      duplicates: By method, how many choices meant a net that was known already.
      trained: By method, how many nets were trained.
      seconds: Wall time of the search.
      chosen: Name of the net that the search chose.
      chosen_settings: The fields that it sets.
      chosen_blocks: Its blocks, in order: name, kind, output, parameters and so on.
      command: The command that trains it alone.
      winners: Name of each net that was trained anew to what found it.
      strata: The depths, from shallow to deep, as ``search.csv`` names them.
      chosen_stratum: The one of the search's choice.
    """

    space: str
    size: int
    config: dict[str, Any]
    rates: dict[str, float]
    rejected: dict[str, int]
    duplicates: dict[str, int]
    trained: dict[str, int]
    seconds: float
    chosen: str
    chosen_settings: dict[str, Any]
    chosen_blocks: tuple[dict[str, Any], ...]
    command: str
    winners: dict[str, str]
    strata: tuple[str, ...]
    chosen_stratum: str
