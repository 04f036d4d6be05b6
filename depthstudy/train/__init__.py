"""Training: a pure step, an optimizer, a placement on devices, and the one loop."""

from depthstudy.train.loop import fit
from depthstudy.train.metrics import training_metrics
from depthstudy.train.placement.choice import choose, devices_of_one_net
from depthstudy.train.placement.placements import Placement
from depthstudy.train.program import Program, build, init_key, initial, retarget
from depthstudy.train.recipe import check_settings, count_steps
from depthstudy.train.steps.optimizer import Sparsity, constant_part, learning_rate, rates
from depthstudy.train.steps.precision import no_gain, unlike_types
from depthstudy.train.stops import early_step

__all__ = [
    "Placement",
    "Program",
    "Sparsity",
    "build",
    "check_settings",
    "choose",
    "constant_part",
    "count_steps",
    "devices_of_one_net",
    "early_step",
    "fit",
    "init_key",
    "initial",
    "learning_rate",
    "no_gain",
    "rates",
    "retarget",
    "training_metrics",
    "unlike_types",
]
