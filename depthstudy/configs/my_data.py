"""Would a deeper net help on your own images, and if not, why? A folder, a sub-folder a class.

depthstudy run my_data --config.data.source_dir=PATH

PATH holds CLASS/* or {train,test}/CLASS/*, of PNG, JPEG, WebP, BMP or TIFF, or any such files with
--config.data.labels_csv=FILE; --dry_run says how long it takes, and what of the images is odd.
Images that are not square: --config.data.fit=pad keeps their ends. Uneven classes:
--config.metric=balanced_error. Images that may be mirrored: --config.data.flip=True. Larger images:
--config.data.image_size=64. Without the treatments, which take most of the time:
--config.treatments="()".
"""

import ml_collections

from depthstudy import config as base
from depthstudy import questions


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
    config.treatments = (
        *questions.treatments(shift=4),
        *questions.block_removal(fine_tune_epochs=10, fine_tune_rate=0.02),
    )
    config.train.batch_size = 32
    config.train.epochs = 20
    config.train.least_steps = 600  # a small folder makes few steps an epoch
    config.train.learning_rate = 0.05
    config.train.warmup_steps = 20
    config.train.log_every = 10
    config.train.evaluations = 3
    config.tune = (("train.learning_rate", (0.015, 0.05, 0.15)),)
    config.budget_check = (2, 4)
    config.hypotheses = (*questions.degradation(), *questions.redundancy(margin=0.02))
    return config
