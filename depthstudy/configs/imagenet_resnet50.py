"""ResNet-50 on ImageNet in bfloat16, its batch split over all devices of a host.

The recipe of Goyal et al. 2017 (arXiv 1706.02677) with a cosine schedule and label smoothing; batch
1,024 over 90 epochs. Published top-1 accuracy of this kind of recipe: 76 to 77 percent.

    depthstudy run imagenet_resnet50 --config.data.data_dir=gs://BUCKET
"""

import ml_collections

from depthstudy import config as base
from depthstudy import questions


def get_config() -> ml_collections.ConfigDict:
    config = base.defaults()
    config.name = "imagenet_resnet50"
    questions.imagenet(config)
    config.model.depth = 50
    return config
