"""Figure 6 of He et al. 2015 (arXiv 1512.03385): plain and residual nets of depth 20 to 110.

The published recipe, for TPU or GPU: 64,000 steps of batch 128, learning rate 0.1 divided by 10 at
half and at three quarters, weight decay 1e-4, pad-and-crop by 4 pixels and flip. The slow start
that the paper gives the deepest net is a linear warm-up over 400 steps, the same for all.

Published test error in percent: ResNet-20 8.75, 32 7.51, 44 7.17, 56 6.97, 110 6.43.
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
    config.data.name = "cifar10"
    config.data.shift = 4
    config.data.flip = True
    config.train.batch_size = 128
    config.train.steps = 64_000
    config.train.learning_rate = 0.1
    config.train.schedule = "step"
    config.train.step_boundaries = (0.5, 0.75)
    config.train.warmup_steps = 400
    config.train.weight_decay = 1e-4
    config.train.log_every = 200
    config.train.evaluations = 32
    config.train.eval_batch_size = 1_000
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
