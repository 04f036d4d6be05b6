"""Why do deeper nets do worse here, and which net should one take?

depthstudy run diagnose
depthstudy run diagnose --config.data.name=cifar10

Plain and residual nets of three depths are trained as they are and once more with each treatment
of a mechanism that may be to blame; what a treatment wins back of the loss is credited to its
mechanism. Any other set that is prepared for TFDS needs the one override above; a folder of images,
see configs/my_data.py.
"""

import ml_collections

from depthstudy import config as base
from depthstudy import questions


def get_config() -> ml_collections.ConfigDict:
    config = base.defaults()
    config.name = "diagnose"
    config.seeds = 3
    config.sweep = (
        ("model.family", ("plain", "resnet")),
        ("model.depth", (8, 20, 56)),
    )
    config.treatments = (
        *questions.treatments(shift=1),
        *questions.block_removal(fine_tune_epochs=4, fine_tune_rate=0.02),
    )
    questions.digits(config)
    config.probes = ("gradients", "cka", "deletion", "linear", "rank", "field")
    config.tune = (("train.learning_rate", (0.015, 0.05, 0.15)),)
    config.budget_check = (2, 4)
    config.hypotheses = (*questions.degradation(), *questions.redundancy(margin=0.02))
    return config
