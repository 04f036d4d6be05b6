"""Claim 1: past some depth, more convolutional layers make a net worse.

    depthstudy run claims/degradation
    depthstudy run claims/degradation:full

Prediction: train error of plain nets rises with depth by more than two points, test error with it,
and the gap between the two does not: the deep net fails to fit what it has seen.

Why this is fair: nets of one width and one recipe differ in their number of blocks alone, all with
batch normalization; three seeds, five where three do not decide; train error is measured on the
images as they are, in eval mode. Every depth has the same number of steps; a net that fails here
may have wanted more, so it is trained for four times as many, and with a rate of its own. The full
size is figure 6 (left) of He et al. 2015.
"""

import ml_collections

from depthstudy import questions
from depthstudy.questions import PLAIN

CLAIM = "Networks with more convolutional layers often do worse than those with fewer."
MEANING = (
    "Look at train error before anything else. If the deeper net has the higher train error, "
    "regularization, more data or early stopping will not help it; shortcuts, another start, or "
    "fewer layers may."
)
PUBLISHED = (
    "The same is known of plain nets: on CIFAR-10 train error rises from depth 20 to 56, "
    "and a plain net of 110 layers stays above 60% error; on ImageNet plain-34 has 28.54% top-1 "
    "error and plain-18 27.94% (He et al. 2015). Of residual nets it is not true at these depths: "
    "ResNet-18, 34, 50, 101 and 152 have 27.88, 25.03, 22.85, 21.75 and 21.43%."
)


def get_config(size: str = "small") -> ml_collections.ConfigDict:
    config = questions.claim("degradation", size)
    depths = {"small": (8, 20, 32, 56), "full": (20, 32, 44, 56, 110), "smoke": (8, 14)}[size]
    config.sweep = (("model.family", ("plain",)), ("model.depth", depths))
    config.hypotheses = (
        {
            "name": "train_error_rises",
            "statement": "Train error of plain nets rises with depth by more than two points.",
            "metric": "train_error",
            "relation": "rises",
            "where": PLAIN,
            "along": "model.depth",
            "margin": 0.02,
        },
        {
            "name": "test_error_rises",
            "statement": "Test error of plain nets rises with depth by more than two points.",
            "metric": "test_error",
            "relation": "rises",
            "where": PLAIN,
            "along": "model.depth",
            "margin": 0.02,
        },
        {
            "name": "gap_does_not",
            "statement": "The gap between train and test error does not rise by two points.",
            "metric": "gap",
            "relation": "does_not_rise",
            "where": PLAIN,
            "along": "model.depth",
            "margin": 0.02,
        },
    )
    return config
