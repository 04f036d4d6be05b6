"""One ResNet-20 on the embedded digits: every setting at its default."""

import ml_collections

from depthstudy import config as base


def get_config() -> ml_collections.ConfigDict:
    return base.defaults()
