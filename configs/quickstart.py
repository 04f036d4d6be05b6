"""Do plain nets get worse as they get deeper, and residual nets not?

On the embedded digits; on 2,000 images of any other set by its name:

    python scripts/run.py --config=configs/quickstart.py:fashion_mnist
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
        ("model.depth", (8, 20, 32, 56)),
    )
    questions.digits(config)
    config.hypotheses = questions.degradation()
    return config
