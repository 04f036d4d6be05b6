"""One ResNet-20 on the embedded digits: every setting at its default, for other files to change."""

import ml_collections

from depthstudy import config as depthstudy_config


def get_config() -> ml_collections.ConfigDict:
    config = depthstudy_config.defaults()
    config.model.family = "resnet"
    config.model.layout = "cifar"
    config.model.depth = 20
    return config
