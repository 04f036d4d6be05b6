"""Claim 5: a shallow residual net is no worse than one of eight times its depth.

    depthstudy run claims/shallow_beats_deep
    depthstudy run claims/shallow_beats_deep:full

Prediction: with few, small images and few steps, the shallow net is no worse, or better; it falls
behind as images grow in number and size. At the full size, ResNet-18 against ResNet-152 on
ImageNet, it is clearly worse.

Why this is fair: depth is crossed with the number of images and their size, so that the place where
the sign flips can be seen; steps and recipe are the same for both. "No worse" has a margin of a
point of test error. What it costs is in the report: the deep net takes eight times the operations.
"""

import ml_collections

from depthstudy import questions

CLAIM = "A shallow ResNet-18 does not lose to ResNet-152."
MEANING = (
    "On a small task begin with the shallow net, and deepen it only if a validation set with three "
    "seeds or more says so. On a large one, the deep net wins if its operations can be afforded."
)
PUBLISHED = (
    "On ImageNet the claim is false: 10-crop top-1 error is 27.88% for ResNet-18 and 21.43% for "
    "ResNet-152 (He et al. 2015). On CIFAR-10 the gain from depth 20 to 110 is 2.3 points, and "
    "from 56 to 110 half a point, with a spread over runs of 0.2 to 0.4."
)

SHALLOW, DEEP = ("model.depth", "least"), ("model.depth", "greatest")
FEW, MANY = ("data.train_examples", "least"), ("data.train_examples", "greatest")
SMALL, LARGE = ("data.image_size", "least"), ("data.image_size", "greatest")


def get_config(size: str = "small") -> ml_collections.ConfigDict:
    config = questions.claim("shallow_beats_deep", size)
    if size == "full":
        questions.imagenet(config)
        images, sides = (128_116, 1_281_167), (64, 224)
    else:
        many, side = config.data.train_examples, config.data.image_size
        images, sides = (many // 4, many), (side // 2, side)
    config.sweep = (
        ("model.family", ("resnet",)),
        ("model.depth", {"small": (8, 62), "full": (18, 152), "smoke": (8, 20)}[size]),
        ("data.train_examples", images),
        ("data.image_size", sides),
    )
    config.hypotheses = (
        {
            "name": "shallow_is_no_worse",
            "statement": "Over all sizes of images and of the train set, the shallow net errs at "
            "most a point more than the deep one.",
            "metric": "test_error",
            "relation": "not_greater",
            "where": (SHALLOW,),
            "against": (DEEP,),
            "margin": 0.01,
        },
        {
            "name": "shallow_wins_on_little",
            "statement": "On few, small images, the shallow net errs less.",
            "metric": "test_error",
            "relation": "less",
            "where": (SHALLOW, FEW, SMALL),
            "against": (DEEP, FEW, SMALL),
        },
        {
            "name": "deep_wins_on_much",
            "statement": "On more and larger images, the deep net errs less.",
            "metric": "test_error",
            "relation": "less",
            "where": (DEEP, MANY, LARGE),
            "against": (SHALLOW, MANY, LARGE),
        },
    )
    return config
