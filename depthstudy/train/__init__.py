"""Training: a pure step, an optimiser, a placement on devices, and the one loop."""

from depthstudy.train.loop import fit
from depthstudy.train.placement import Placement, choose
from depthstudy.train.program import Program, build, count_steps, init_key, initial

__all__ = ["Placement", "Program", "build", "choose", "count_steps", "fit", "init_key", "initial"]
