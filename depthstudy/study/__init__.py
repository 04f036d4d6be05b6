"""From a config to a plan of runs, and from their numbers to verdicts."""

from depthstudy.study.analysis import analyze
from depthstudy.study.describe import conclusion, describe
from depthstudy.study.plan import Variant, plan
from depthstudy.study.run import Result, run

__all__ = ["Result", "Variant", "analyze", "conclusion", "describe", "plan", "run"]
