"""From a config to the variants of a study: what is trained, on what, and for how long."""

from depthstudy.plan.planning import plan, prepare, settings_of
from depthstudy.plan.variant import SWEEPABLE_GROUPS, Variant

__all__ = ["SWEEPABLE_GROUPS", "Variant", "plan", "prepare", "settings_of"]
