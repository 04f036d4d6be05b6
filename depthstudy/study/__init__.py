"""From a config to a plan of runs, and from their numbers to verdicts."""

from depthstudy.study.plan import Variant, plan
from depthstudy.study.run import Result, prepare, run

__all__ = ["Result", "Variant", "plan", "prepare", "run"]
