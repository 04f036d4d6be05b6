"""A study that is divided among machines with no folder in common: shards, and their merger."""

from depthstudy.study.shards.merge import Merged, merge
from depthstudy.study.shards.run import describe, run

__all__ = ["Merged", "describe", "merge", "run"]
