"""The depth study on a folder of your own images, a sub-folder a class.

python scripts/run.py --config=configs/my_data.py --config.data.source_dir=PATH

PATH holds CLASS/* or {train,test}/CLASS/*, PNG or JPEG; --dry_run says how long it takes. Images
that may be mirrored: --config.data.flip=True. Larger images: --config.data.image_size=64.
"""

import ml_collections

from depthstudy import config as base

PLAIN = (("model.family", "plain"),)
RESNET = (("model.family", "resnet"),)
DEEPEST = ("model.depth", "greatest")


def get_config() -> ml_collections.ConfigDict:
    config = base.defaults()
    config.name = "my_data"
    config.seeds = 3
    config.sweep = (
        ("model.family", ("plain", "resnet")),
        ("model.depth", (8, 20, 32)),
    )
    config.data.name = "folder"
    config.data.image_size = 32
    config.data.shift = 4
    config.train.batch_size = 32
    config.train.epochs = 20
    config.train.learning_rate = 0.05
    config.train.warmup_steps = 20
    config.train.log_every = 10
    config.train.evaluations = 3
    config.hypotheses = (
        {
            "name": "plain_degrades",
            "statement": "Train error of plain nets rises with depth.",
            "metric": "train_error",
            "relation": "rises",
            "where": PLAIN,
            "along": "model.depth",
        },
        {
            "name": "resnet_does_not",
            "statement": "Train error of residual nets does not rise with depth.",
            "metric": "train_error",
            "relation": "does_not_rise",
            "where": RESNET,
            "along": "model.depth",
            "margin": 0.02,
        },
        {
            "name": "residual_repairs",
            "statement": "At the greatest depth, residual connections lower test error.",
            "metric": "test_error",
            "relation": "less",
            "where": (*RESNET, DEEPEST),
            "against": (*PLAIN, DEEPEST),
        },
    )
    return config
