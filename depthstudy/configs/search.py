"""What depth would an architecture search choose, and is that more than chance?

    pip install 'depthstudy[search]'
    depthstudy run search
    depthstudy run search --config.search.repeats=10 --workdir=ten

Nets of two free stages (kind of block, number, width, kernel, expansion, gate, shortcuts: 42
million choices) within a million multiply-accumulates are searched by a tree-structured Parzen
estimator and at random, in three ranges of depth by themselves with as many trials in each, four
times anew; the learning rate is tuned in each range. What each search chose on validation data is
trained anew with fresh seeds and tested once, beside ResNets, MobileNetV2 and EfficientNet scaled
to the same limit. It takes five to twelve minutes on two CPU cores, on 2,000 images of
Fashion-MNIST in 14 x 14 pixels where Debian's package is installed, else on the digits. The same
command goes on where it was interrupted.
"""

import ml_collections

from depthstudy import questions


def get_config() -> ml_collections.ConfigDict:
    config = questions.claim("search", "small")
    questions.search(config, "small")
    config.name = "search"
    return config
