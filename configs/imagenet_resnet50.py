"""ResNet-50 on ImageNet in bfloat16, its batch split over all devices of a pod slice.

The recipe of Goyal et al. 2017 (arXiv 1706.02677) with a cosine schedule and label smoothing; batch
1,024 over 90 epochs. Published top-1 accuracy of this kind of recipe: 76 to 77 percent.

    python scripts/run.py --config=configs/imagenet_resnet50.py --config.data.data_dir=gs://BUCKET
"""

import ml_collections

from depthstudy import config as base


def get_config() -> ml_collections.ConfigDict:
    config = base.defaults()
    config.name = "imagenet_resnet50"
    config.model.family = "resnet"
    config.model.layout = "imagenet"
    config.model.depth = 50
    config.data.name = "imagenet2012"
    config.data.test_split = "validation"
    config.data.image_size = 224
    config.data.crop_area = 0.08
    config.data.flip = True
    config.data.stream = True
    config.data.workers = 32
    config.train.placement = "jit"
    config.train.precision = "bfloat16"
    config.train.batch_size = 1_024
    config.train.epochs = 90
    config.train.learning_rate = 0.4
    config.train.nesterov = True
    config.train.warmup_steps = 6_256  # five epochs
    config.train.weight_decay = 1e-4
    config.train.label_smoothing = 0.1
    config.train.log_every = 100
    config.train.evaluations = 90
    config.train.eval_batch_size = 1_024
    return config
