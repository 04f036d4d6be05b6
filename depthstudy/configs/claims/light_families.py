"""Claim 9: light families give more accuracy for their cost than deeper plain or residual nets.

    depthstudy run claims/light_families
    depthstudy run claims/light_families:full

Prediction: at no more multiply-accumulates, MobileNetV2 and ShuffleNetV2 err less than a plain net,
and not less than a residual net in a training as short as this one; measured time does not follow
multiply-accumulates, as depthwise convolutions do little work for each number that they move.

Why this is fair: all nets are thinned until their multiply-accumulates are alike, see the plain and
the residual net next to them; all leave out the early strides, which small images do not bear; one
recipe for all, which was made for ResNets, and that speaks against the light families. Beside the
count of operations stands the measured time of training.
"""

import ml_collections

from depthstudy import questions

CLAIM = "Light families such as MobileNet and ShuffleNet are the future."
MEANING = (
    "Count operations to compare designs, and measure time on the device before choosing one. "
    "Where the budget is a phone's, light families are the place to start; on a server, or in "
    "short trainings on little data, a thin ResNet may do as well for less trouble."
)
PUBLISHED = (
    "On ImageNet they do win at their cost: MobileNetV1 reaches 70.6% top-1 with 569 million "
    "multiply-accumulates, ShuffleNetV1 67.8% with 138 million, EfficientNet-Lite0 75.1% with 4.7 "
    "million parameters; a ResNet-18 has 11.7 million parameters and errs on 27.88% (10 crops)."
)

FIGURE = "error_against_cost"
LIGHT = (("model.layout", "small"),)  # which MobileNet and ShuffleNet have, and ResNets here not


def get_config(size: str = "small") -> ml_collections.ConfigDict:
    config = questions.claim("light_families", size)
    config.train.placement = "jit"  # one net at a time, as times are compared
    mobile, shuffle = (1.0, 1.5) if size == "full" else (0.25, 0.35)
    depth, deeper = {"small": (20, 44), "full": (56, 110), "smoke": (8, 14)}[size]
    config.variants = (
        ("mobilenet_v2", _light("mobilenet_v2", mobile)),
        ("shufflenet_v2", _light("shufflenet_v2", shuffle)),
        *(
            (f"{family}_depth{value}", (("model.family", family), ("model.depth", value)))
            for family, value in (("resnet", depth), ("resnet", deeper), ("plain", depth))
        ),
    )
    resnet, deep, plain = (
        (("model.family", family), ("model.depth", value))
        for family, value in (("resnet", depth), ("resnet", deeper), ("plain", depth))
    )
    config.hypotheses = (
        {
            "name": "less_error_at_this_cost",
            "statement": "MobileNetV2 and ShuffleNetV2 err less, on average, than a residual net "
            "of about as many multiply-accumulates.",
            "metric": "test_error",
            "relation": "less",
            "where": LIGHT,
            "against": resnet,
        },
        {
            "name": "no_more_operations",
            "statement": "They take, on average, no more multiply-accumulates than that net.",
            "metric": "macs",
            "relation": "not_greater",
            "where": LIGHT,
            "against": resnet,
            "margin": 1.0,
        },
        {
            "name": "less_error_than_plain",
            "statement": "They err less than a plain net of as many layers as that net.",
            "metric": "test_error",
            "relation": "less",
            "where": LIGHT,
            "against": plain,
        },
        {
            "name": "as_good_as_deeper",
            "statement": "They err at most a point more than a residual net of about twice the "
            "depth.",
            "metric": "test_error",
            "relation": "not_greater",
            "where": LIGHT,
            "against": deep,
            "margin": 0.01,
        },
        {
            "name": "faster",
            "statement": "They are trained in less time than the residual net of as many "
            "multiply-accumulates, step for step.",
            "metric": "run.train_seconds",
            "relation": "less",
            "where": LIGHT,
            "against": resnet,
        },
    )
    return config


def _light(family, multiplier):
    thinned = (("model.width", None), ("model.width_multiplier", multiplier))
    settings = (("model.family", family), *thinned, *LIGHT)
    return (*settings, ("model.dropout", 0.0)) if family == "mobilenet_v2" else settings
