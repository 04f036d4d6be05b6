"""Which family turns depth into accuracy, at what cost, and where does each stop?

depthstudy run families
depthstudy run families:digits
depthstudy run families --config.data.train_examples=None

Every family at three depths, on 2,000 images of Fashion-MNIST or of any other set by its name,
scaled to 16 x 16 pixels. All nets see the same batches, leave out the first two halvings of the
image, drop nothing at random, and are thin: about 1 to 10 million multiply-accumulates an image.
Depth is counted in layers where a family is told apart by them, else as a factor of the blocks of
each stage, of which 1 is the published depth. The report shows error against depth, family by
family, and against cost, with the Pareto front. Each net has the learning rate that suits it, and
those that do not fit what a rival fits are trained up to four times as long. The budget is small:
where a family stops here is where it stops within so many steps; give it more with
--config.train.steps=2000.
"""

import ml_collections

from depthstudy import config as base
from depthstudy.questions import DEEPEST, PLAIN, RESNET

RESNETS = {"layout": "cifar", "width": 8}
RESNEXT = {"layout": "small", "width": 8, "groups": 4, "width_per_group": 2}
MOBILE = {"layout": "small", "width_multiplier": 0.25, "dropout": 0.0}
EFFICIENT = {**MOBILE, "stochastic_depth": 0.0}
CONVNEXT = {"layout": "small", "variant": "atto", "width_multiplier": 0.25}
REGNET = {"layout": "small", "variant": "y_400mf", "width_multiplier": 0.25}
SHUFFLE = {"layout": "small", "width_multiplier": 0.35}

# How depth is set, its values, and what else is set, chosen so that costs are alike.
FAMILIES = {
    "plain": ("depth", (8, 20, 44), RESNETS),
    "resnet": ("depth", (8, 20, 44), RESNETS),
    "preact_resnet": ("depth", (8, 20, 44), RESNETS),
    "se_resnet": ("depth", (8, 20, 44), RESNETS),
    "resnet_d": ("depth", (8, 20, 44), RESNETS),
    "resnext": ("depth", (50, 101, 152), RESNEXT),
    "densenet": ("depth", (10, 22, 46), {"layout": "cifar", "growth_rate": 6}),
    "wide_resnet": ("depth", (10, 16, 22), {"layout": "cifar", "width_multiplier": 1.0}),
    "vgg": ("depth", (11, 16, 19), {"layout": "small", "width": 4, "dropout": 0.0}),
    "mobilenet_v1": ("depth_multiplier", (0.5, 1.0, 2.0), MOBILE),
    "mobilenet_v2": ("depth_multiplier", (0.5, 1.0, 2.0), MOBILE),
    "mobilenet_v3": ("depth_multiplier", (0.5, 1.0, 2.0), MOBILE),
    "shufflenet_v1": ("depth_multiplier", (0.5, 1.0, 2.0), SHUFFLE),
    "shufflenet_v2": ("depth_multiplier", (0.5, 1.0, 2.0), SHUFFLE),
    "efficientnet": ("depth_multiplier", (0.5, 1.0, 2.0), EFFICIENT),
    "efficientnet_lite": ("depth_multiplier", (0.5, 1.0, 2.0), EFFICIENT),
    "efficientnet_v2": ("depth_multiplier", (0.1, 0.25, 0.4), EFFICIENT),
    "convnext": ("depth_multiplier", (0.5, 1.0, 2.0), CONVNEXT),
    "regnet": ("depth_multiplier", (0.5, 1.0, 2.0), REGNET),
}
SHALLOWEST = ("model.depth", "least")


def variants():
    """Yields the name of each net with its settings."""
    for family, (field, values, others) in FAMILIES.items():
        for value in values:
            settings = {"family": family, **others, field: value}
            named = tuple((f"model.{name}", setting) for name, setting in settings.items())
            yield f"{family}_{field}{value}", named


def get_config(data: str = "fashion_mnist") -> ml_collections.ConfigDict:
    config = base.defaults()
    config.name = "families" if data == "fashion_mnist" else f"families_{data}"
    config.data.name = data
    config.data.image_size = 16
    config.data.train_examples = None if data == "digits" else 2_000
    config.seeds = 3
    config.variants = tuple(variants())
    config.train.batch_size = 32
    config.train.steps = 250
    config.train.learning_rate = 0.05
    config.train.warmup_steps = 25
    config.train.log_every = 10
    config.train.evaluations = 3
    config.train.eval_train_examples = 2_000
    config.tune = (("train.learning_rate", (0.015, 0.05, 0.15)),)
    config.budget_check = (2, 4)
    config.hypotheses = (
        {
            "name": "scaled_families_gain",
            "statement": "In every family that is told apart by factors of its blocks, four times "
            "the blocks lower test error by more than a point.",
            "metric": "test_error",
            "relation": "less",
            "where": (("model.depth_multiplier", 2.0),),
            "against": (("model.depth_multiplier", 0.5),),
            "margin": 0.01,
        },
        {
            "name": "resnets_gain",
            "statement": "The deepest ResNet has a test error more than a point below that of the "
            "shallowest.",
            "metric": "test_error",
            "relation": "less",
            "where": (*RESNET, DEEPEST),
            "against": (*RESNET, SHALLOWEST),
            "margin": 0.01,
        },
        {
            "name": "plain_nets_lose",
            "statement": "Test error of plain nets rises with depth by more than a point.",
            "metric": "test_error",
            "relation": "rises",
            "where": PLAIN,
            "along": "model.depth",
            "margin": 0.01,
        },
        {
            "name": "shortcuts_repair",
            "statement": "At the greatest depth, a ResNet has a test error more than a point below "
            "that of a plain net.",
            "metric": "test_error",
            "relation": "less",
            "where": (*RESNET, DEEPEST),
            "against": (*PLAIN, DEEPEST),
            "margin": 0.01,
        },
    )
    return config
