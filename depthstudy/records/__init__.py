"""The flat tables in which a study speaks.

Training, probes and verdicts write them, the report reads them.

Errors and accuracies are fractions in [0, 1]; times are seconds.
"""

from depthstudy.records.analysis import AnalysisInfo, AnalysisRun, Prediction, cross_probes
from depthstudy.records.data import SHEET_ROWS, DataFile, DataInfo, DataSplit
from depthstudy.records.findings.answer import (
    Answer,
    Bound,
    DeeperWord,
    DepthAnswer,
    NextStep,
    NoChoice,
    Recommendation,
)
from depthstudy.records.findings.causes import Attribution, Decomposition, MatchedGap
from depthstudy.records.findings.comparisons import Gain, Mean, ParetoPoint, PrunedNet
from depthstudy.records.findings.mistakes import ClassError, Confusion, Flips, Mistake
from depthstudy.records.findings.search import (
    RANDOM,
    SCALED,
    GeneImportance,
    ScoreRank,
    SearchedNet,
    SearchInfo,
    SearchProgress,
)
from depthstudy.records.findings.tuning import (
    BudgetRow,
    ExpectedBest,
    Robustness,
    RobustnessWord,
    TrialRow,
)
from depthstudy.records.findings.verdicts import Verdict, VerdictWord
from depthstudy.records.metric import NOT_APPLICABLE, Metric, find_metric
from depthstudy.records.names import in_words, own_words
from depthstudy.records.runs import Record, Summary
from depthstudy.records.study import (
    DEPTH_FIELDS,
    LONGER,
    OWN_SETTINGS,
    StudyInfo,
    VariantInfo,
    depth_series,
    factor_of,
)
from depthstudy.records.table import frame

__all__ = [
    "DEPTH_FIELDS",
    "LONGER",
    "NOT_APPLICABLE",
    "OWN_SETTINGS",
    "RANDOM",
    "SCALED",
    "SHEET_ROWS",
    "AnalysisInfo",
    "AnalysisRun",
    "Answer",
    "Attribution",
    "Bound",
    "BudgetRow",
    "ClassError",
    "Confusion",
    "DataFile",
    "DataInfo",
    "DataSplit",
    "Decomposition",
    "DeeperWord",
    "DepthAnswer",
    "ExpectedBest",
    "Flips",
    "Gain",
    "GeneImportance",
    "MatchedGap",
    "Mean",
    "Metric",
    "Mistake",
    "NextStep",
    "NoChoice",
    "ParetoPoint",
    "Prediction",
    "PrunedNet",
    "Recommendation",
    "Record",
    "Robustness",
    "RobustnessWord",
    "ScoreRank",
    "SearchInfo",
    "SearchProgress",
    "SearchedNet",
    "StudyInfo",
    "Summary",
    "TrialRow",
    "VariantInfo",
    "Verdict",
    "VerdictWord",
    "cross_probes",
    "depth_series",
    "factor_of",
    "find_metric",
    "frame",
    "in_words",
    "own_words",
]
