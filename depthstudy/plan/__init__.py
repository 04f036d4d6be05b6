"""From a config to the variants of a study: what is trained, on what, and for how long."""

from depthstudy.plan.checks import never_at_peak
from depthstudy.plan.hypotheses import see_untreated, untested
from depthstudy.plan.plan import plan, prepare
from depthstudy.plan.variants.model import STARTING_OPTIONS, build_net, options_used
from depthstudy.plan.variants.variant import (
    OF_THE_COMPUTE,
    OF_THE_MACHINE,
    SWEEPABLE_GROUPS,
    Datasets,
    Variant,
    images_seen,
    settings_of,
    with_all_settings,
)

__all__ = [
    "OF_THE_COMPUTE",
    "OF_THE_MACHINE",
    "STARTING_OPTIONS",
    "SWEEPABLE_GROUPS",
    "Datasets",
    "Variant",
    "build_net",
    "images_seen",
    "never_at_peak",
    "options_used",
    "plan",
    "prepare",
    "see_untreated",
    "settings_of",
    "untested",
    "with_all_settings",
]
