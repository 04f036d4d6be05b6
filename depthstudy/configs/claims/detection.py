"""Claim 11: a detector of few layers finds things better than a deep one.

    depthstudy run claims/detection
    depthstudy run claims/detection:full

Prediction: it depends on the part. A deeper backbone finds more; a deeper pyramid finds less, on
train images too, as it has no identity path; with shortcuts around its cells most of that comes
back. On COCO, with long training, the deeper EfficientDet is better.

Why this is fair: from one shallow detector each part is deepened by itself, with the same data,
steps and recipe for all. ``:full`` compares D0 and D2 at one resolution, 640 pixels, where the
published variants differ in resolution, too.
"""

import runpy
from pathlib import Path

import ml_collections

from depthstudy import questions

CLAIM = "EfficientDet-D0, with fewer layers, detects better than D7."
MEANING = (
    "On COCO it is false, at equal resolution too: deeper EfficientDets are better. With little "
    "data or few steps ask which part is deeper, and compare each by itself: at this size only "
    "deeper heads were seen to help, in nets that had not finished. A pyramid of many cells has no "
    "identity path: add shortcuts around its cells, or take fewer."
)
PUBLISHED = (
    "COCO test-dev AP of EfficientDet-D0 is 34.6, of D7 53.7, of D7x 55.1 (Tan, Pang & Le 2020). "
    "At a fixed 640 pixels the AP on COCO's validation images still rises with depth and width: D2 "
    "41.7, D3 44.0, D4 45.7, D5 46.6, D6 47.9 (google/automl)."
)

SMOKE = {
    "backbone": {"model.depth": 14},
    "pyramid": {"model.cells": 2},
    "heads": {"model.head_repeats": 2},
}
STUDY = Path(__file__).parents[1] / "detection.py"


def get_config(size: str = "small") -> ml_collections.ConfigDict:
    config = questions.claim("detection", size)
    if size == "full":
        _coco(config)
        return config
    study = runpy.run_path(str(STUDY))
    small = size == "small"
    shallow = study["SHALLOW"]
    deeper = study["DEEPER"] if small else SMOKE
    config.tune = ()
    config.budget_check = ()
    if small:
        config.seeds, config.seeds_until_settled = 4, None
    config.data.image_size = None
    config.data.train_examples = None if small else 128
    train = {field: config.train[field] for field in ("batch_size", "steps", "warmup_steps")}
    study["scenes"](config)
    if not small:
        config.train.update(train)
        config.train.eval_batch_size = 32
        config.model.width, config.model.channels = 4, 8
    config.variants = study["variants"](deeper)
    config.treatments = (study["treatment"](deeper),)
    claimed = {
        "name": "shallow_finds_more",
        "statement": "A shallow detector errs less than one with a deeper backbone, by a point or "
        "more.",
        "metric": "test_error",
        "relation": "less",
        "where": tuple(shallow.items()),
        "against": tuple((shallow | deeper["backbone"]).items()),
        "margin": 0.01,
    }
    config.hypotheses = (claimed, *study["hypotheses"](deeper))
    return config


def _coco(config: ml_collections.ConfigDict) -> None:
    """Sets EfficientDets on COCO at one resolution, by the recipe of their authors."""
    config.model.family = "efficientdet"
    config.data.name = "coco/2017"
    config.data.test_split = "validation"
    config.data.validation = 0.02
    config.data.image_size = 640
    config.data.shift = 0
    config.data.flip = True
    config.data.crop_area = 0.1
    config.train.batch_size = 64
    config.train.steps = None
    config.train.epochs = 300
    config.train.schedule = "cosine"
    config.train.learning_rate = 0.08
    config.train.warmup_steps = 1_850
    config.train.weight_decay = 4e-5
    config.train.gradient_clip = 10.0
    config.train.eval_batch_size = 64
    config.variants = tuple((name, (("model.variant", name),)) for name in ("d0", "d2"))
    config.hypotheses = (
        {
            "name": "shallow_finds_more",
            "statement": "EfficientDet-D0 errs less than D2 on images of 640 pixels, by a point or "
            "more.",
            "metric": "test_error",
            "relation": "less",
            "where": (("model.variant", "d0"),),
            "against": (("model.variant", "d2"),),
            "margin": 0.01,
        },
    )
