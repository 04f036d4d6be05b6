"""Which depth helps a small detector to find things: of backbone, pyramid or heads?

depthstudy run detection

Scenes of garments (of digits where Fashion-MNIST is not installed), 64 pixels wide, with one to
four objects in each. From one small detector each part is deepened by itself; the deep pyramid,
which has no identity path, is trained once more with shortcuts around its cells. An error is one
minus average precision (COCO, overlaps .5 to .95).
"""

import ml_collections

from depthstudy import config as base

SHALLOW = {"model.depth": 8, "model.cells": 1, "model.head_repeats": 1}
DEEPER = {
    "backbone": {"model.depth": 20},
    "pyramid": {"model.cells": 4},
    "heads": {"model.head_repeats": 4},
}
EASED = "residual_pyramid"


def variants(deeper: dict[str, dict[str, int]]) -> tuple:
    """Returns the shallow detector, and one more for each part that is deepened."""
    rows = {"shallow": {}, **{f"deep_{part}": new for part, new in deeper.items()}}
    return tuple((name, tuple((SHALLOW | new).items())) for name, new in rows.items())


def hypotheses(deeper: dict[str, dict[str, int]]) -> tuple:
    """Returns what is claimed of each part, and of the shortcuts of the pyramid."""

    def side(part: str) -> tuple:
        return tuple((SHALLOW | deeper.get(part, {})).items())

    deep_pyramid = side("pyramid")
    return (
        {
            "name": "deeper_backbone_finds_more",
            "statement": "A deeper backbone lowers the error on new images by a point or more.",
            "metric": "test_error",
            "relation": "less",
            "where": side("backbone"),
            "against": side(""),
            "margin": 0.01,
        },
        {
            "name": "deeper_pyramid_finds_less",
            "statement": "A deeper pyramid raises the error on new images by a point or more.",
            "metric": "test_error",
            "relation": "greater",
            "where": deep_pyramid,
            "against": side(""),
            "margin": 0.01,
        },
        {
            "name": "deeper_pyramid_fits_less",
            "statement": "A deeper pyramid raises the train error, too: it is harder to optimize.",
            "metric": "train_error",
            "relation": "greater",
            "where": deep_pyramid,
            "against": side(""),
            "margin": 0.01,
        },
        {
            "name": "shortcuts_ease_the_pyramid",
            "statement": "Shortcuts around its cells lower the error of the deep pyramid by a "
            "point or more.",
            "metric": "test_error",
            "relation": "less",
            "where": (*deep_pyramid, ("treatment", EASED)),
            "against": deep_pyramid,
            "margin": 0.01,
        },
        {
            "name": "deeper_heads_find_more",
            "statement": "Deeper heads lower the error on new images by a point or more.",
            "metric": "test_error",
            "relation": "less",
            "where": side("heads"),
            "against": side(""),
            "margin": 0.01,
        },
    )


def treatment(deeper: dict[str, dict[str, int]]) -> dict:
    """Returns shortcuts around the cells of the deep pyramid."""
    return {
        "name": EASED,
        "mechanism": "optimization",
        "settings": (("model.residual_pyramid", True),),
        "where": tuple(deeper["pyramid"].items()),
    }


def scenes(config: ml_collections.ConfigDict) -> None:
    """Sets data, net and recipe: SGD with a warm-up, flips and small shifts."""
    config.data.name = "fashion_scenes"
    config.data.flip = True
    config.data.shift = 4
    config.model.family = "detector"
    config.model.backbone = "resnet"
    config.model.layout = "cifar"
    config.model.width = 16
    config.model.channels = 32
    config.train.batch_size = 16
    config.train.steps = 1_400
    config.train.learning_rate = 0.05
    config.train.warmup_steps = 100
    config.train.gradient_clip = 10.0
    config.train.weight_decay = 4e-5
    config.train.evaluations = 2
    config.train.eval_batch_size = 100
    config.train.eval_train_examples = 400


def get_config() -> ml_collections.ConfigDict:
    config = base.defaults()
    config.name = "detection"
    config.seeds = 3
    scenes(config)
    config.variants = variants(DEEPER)
    config.treatments = (treatment(DEEPER),)
    config.hypotheses = hypotheses(DEEPER)
    config.probes = ("gradients", "field")
    config.probe_examples = 64
    return config
