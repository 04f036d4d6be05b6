"""What a handful of seeds and test images lets one say. Nothing here knows JAX.

Arms hold the runs of variants, contrasts compare them; ``docs/method.md`` has the sources, the
assumptions and the measured level of everything.
"""

from depthstudy.stats.bootstrap import Bootstrap
from depthstudy.stats.effects.arm import Arm
from depthstudy.stats.effects.contrast import Contrast
from depthstudy.stats.effects.estimate import Estimate
from depthstudy.stats.effects.failures import failed_runs, unseen_failures
from depthstudy.stats.effects.from_arms import contrast, log_contrast, satterthwaite
from depthstudy.stats.effects.moderation import Prior, fit_prior
from depthstudy.stats.effects.paired import by_seed, interval
from depthstudy.stats.effects.ratio import ratio_limits
from depthstudy.stats.sample_size import Outlook, outlook, power, seeds_needed
from depthstudy.stats.several.choice import optimism
from depthstudy.stats.several.multiple import holm, holm_levels, two_sided
from depthstudy.stats.several.sequential import LOOKS, nominal_levels

__all__ = [
    "LOOKS",
    "Arm",
    "Bootstrap",
    "Contrast",
    "Estimate",
    "Outlook",
    "Prior",
    "by_seed",
    "contrast",
    "failed_runs",
    "fit_prior",
    "holm",
    "holm_levels",
    "interval",
    "log_contrast",
    "nominal_levels",
    "optimism",
    "outlook",
    "power",
    "ratio_limits",
    "satterthwaite",
    "seeds_needed",
    "two_sided",
    "unseen_failures",
]
