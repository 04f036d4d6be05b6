"""A study in three calls: plan it, execute it, conclude from it."""

from depthstudy.study.conclude import Result
from depthstudy.study.conclusion import conclusion
from depthstudy.study.describe import describe, describe_parts
from depthstudy.study.run import run

__all__ = ["Result", "conclusion", "describe", "describe_parts", "run"]
