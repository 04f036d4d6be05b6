"""Figure 6 of He et al. 2015 (arXiv 1512.03385): plain and residual nets of depth 20 to 110.

The published recipe, as `questions.cifar10` has it, for TPU or GPU.

Published test error in percent: ResNet-20 8.75, 32 7.51, 44 7.17, 56 6.97, 110 6.43. They are of
nets trained on all 50,000 images. Here a fifth is held out, by which nets are chosen, so errors are
greater; `--config.data.validation=0.0` trains on all.
"""

import ml_collections

from depthstudy import config as base
from depthstudy import questions


def get_config() -> ml_collections.ConfigDict:
    config = base.defaults()
    config.name = "cifar10_he2015"
    config.seeds = 5
    config.sweep = (
        ("model.family", ("plain", "resnet")),
        ("model.depth", (20, 32, 44, 56, 110)),
    )
    questions.cifar10(config)
    config.hypotheses = (
        *(row for row in questions.degradation() if row["name"] != "resnet_does_not"),
        {
            "name": "resnet_improves",
            "statement": "A ResNet-110 has a lower test error than a ResNet-20.",
            "metric": "test_error",
            "relation": "less",
            "where": (*questions.RESNET, ("model.depth", 110)),
            "against": (*questions.RESNET, ("model.depth", 20)),
        },
    )
    return config
