"""Claim 2: deeper nets do worse because they overfit.

    depthstudy run claims/overfitting
    depthstudy run claims/overfitting:full

Prediction: the gap between train and test error grows by a point or more where data are few or
labels noisy, and by less than two points where neither holds; nowhere does it explain a loss of the
size that plain nets show.

Why this is fair: the nets are residual, so that deep ones do fit their data; a net that learns
nothing has no gap, which would speak for the wrong side. Depth, number of images and share of wrong
labels are crossed, with equal steps for all, no augmentation, and three seeds, five where three do
not decide. Wrong labels are in the train split only.
"""

import ml_collections

from depthstudy import questions
from depthstudy.questions import RESNET

CLAIM = "Deeper networks do worse because they overfit."
MEANING = (
    "Ask how many images there are and how clean their labels are before blaming overfitting on "
    "depth. Compare gaps of nets that fit their train data equally well (the report's gaps at "
    "matched train loss do): the gap of a net that was trained badly looks small."
)
PUBLISHED = (
    "Depth is not what makes nets overfit: on CIFAR-10 a ResNet-110 (6.43% test error) "
    "beats a ResNet-20 (8.75%). The one published step back, "
    "ResNet-1202 at 7.93% with a train error below 0.1%, is ascribed to overfitting by its "
    "authors (He et al. 2015), and is 19.4 million parameters on 50,000 images."
)


def get_config(size: str = "small") -> ml_collections.ConfigDict:
    config = questions.claim("overfitting", size)
    many = 50_000 if size == "full" else config.data.train_examples
    noise = {"small": 0.3, "full": 0.2, "smoke": 0.3}[size]
    config.sweep = (
        ("model.family", ("resnet",)),
        ("model.depth", {"small": (8, 32), "full": (20, 110), "smoke": (8, 14)}[size]),
        ("data.train_examples", (many // 8 if size != "full" else 5_000, many)),
        ("data.label_noise", (0.0, noise)),
    )
    if size == "smoke":
        config.train.batch_size = 16  # no more than the fewest images
    if size == "full":
        config.data.shift, config.data.flip = 0, False
    few, enough = (("data.train_examples", extreme) for extreme in ("least", "greatest"))
    clean, wrong = (("data.label_noise", share) for share in (0.0, noise))
    config.hypotheses = (
        {
            "name": "gap_rises",
            "statement": "Over all sizes of the train set and both shares of wrong labels, the gap "
            "rises with depth by more than a point.",
            "metric": "gap",
            "relation": "rises",
            "where": RESNET,
            "along": "model.depth",
            "margin": 0.01,
        },
        {
            "name": "with_few_images",
            "statement": "With an eighth of the images or fewer, labels clean, the gap rises with "
            "depth by more than a point.",
            "metric": "gap",
            "relation": "rises",
            "where": (few, clean),
            "along": "model.depth",
            "margin": 0.01,
        },
        {
            "name": "with_wrong_labels",
            "statement": "With wrong labels among all images, the gap rises with depth by more "
            "than a point.",
            "metric": "gap",
            "relation": "rises",
            "where": (enough, wrong),
            "along": "model.depth",
            "margin": 0.01,
        },
        {
            "name": "not_with_enough_clean_images",
            "statement": "With all images and clean labels, the gap does not rise with depth by "
            "two points.",
            "metric": "gap",
            "relation": "does_not_rise",
            "where": (enough, clean),
            "along": "model.depth",
            "margin": 0.02,
        },
        {
            "name": "test_error_rises",
            "statement": "With few images, the deeper net's test error is higher by more than a "
            "point.",
            "metric": "test_error",
            "relation": "rises",
            "where": (few, clean),
            "along": "model.depth",
            "margin": 0.01,
        },
    )
    return config
