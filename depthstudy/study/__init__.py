"""From a config to a plan of runs, and from their numbers to verdicts."""

from depthstudy.study.analysis import analyze
from depthstudy.study.conclude import Result
from depthstudy.study.describe import conclusion, describe
from depthstudy.study.plan import plan
from depthstudy.study.run import run
from depthstudy.study.variant import Variant
from depthstudy.study.weights import analyze_weights, parse_options

__all__ = [
    "Result",
    "Variant",
    "analyze",
    "analyze_weights",
    "conclusion",
    "describe",
    "parse_options",
    "plan",
    "run",
]
