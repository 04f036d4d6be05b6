"""Do plain nets get worse as they get deeper, and residual nets not? Is it depth, or the recipe?

Nets of three depths are trained alike, each once more with the learning rate that suits it best,
and those that do not fit what shallower ones fit, for four times the steps, or for sixteen.

On the embedded digits; on 2,000 images of any other set by its name:

    depthstudy run quickstart:fashion_mnist
"""

import ml_collections

from depthstudy import config as base
from depthstudy import questions


def get_config(data: str = "digits") -> ml_collections.ConfigDict:
    config = base.defaults()
    config.name = "quickstart" if data == "digits" else f"quickstart_{data}"
    config.data.name = data
    config.data.train_examples = None if data == "digits" else 2_000
    config.seeds = 3
    config.sweep = (
        ("model.family", ("plain", "resnet")),
        ("model.depth", (8, 20, 38)),
    )
    questions.digits(config)
    config.tune = questions.RATES
    config.budget_check = (4, 16)
    config.hypotheses = questions.degradation()
    return config
