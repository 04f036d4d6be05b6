"""Why do deeper plain nets do worse here, and which net should one take?

python scripts/run.py --config=configs/diagnose.py
python scripts/run.py --config=configs/diagnose.py --config.data.name=cifar10

Plain nets of three depths are trained as they are and once more with each of three treatments, one
for each mechanism that may be to blame: residual connections (optimisation), shifted images
(overfitting), and images of twice the size (the receptive field outgrows the image). What a
treatment wins back of the loss is credited to its mechanism. Redundant layers are the fourth
mechanism; their treatment is pruning, which is not a setting of a training, so it is left out.

On the digits 36 runs, about 7 minutes on 2 idle cores: 130 s for three times nine runs at 8 x 8
pixels, 170 s for nine at 16 x 16, and the rest for compiling. Any other set that is prepared for
TFDS needs the one override above; a folder of images, two (see configs/my_data.py).
"""

import ml_collections

from depthstudy import config as base

DEEPEST = ("model.depth", "greatest")
RESIDUAL = ("treatment", "residual")
UNTREATED = ("treatment", "")


def get_config() -> ml_collections.ConfigDict:
    config = base.defaults()
    config.name = "diagnose"
    config.seeds = 3
    config.model.family = "plain"
    config.sweep = (
        ("model.family", ("plain",)),
        ("model.depth", (8, 20, 56)),
    )
    config.treatments = (
        {
            "name": "residual",
            "mechanism": "optimisation",
            "settings": (("model.family", "resnet"),),
        },
        {
            "name": "augmentation",
            "mechanism": "overfitting",
            "settings": (("data.shift", 1),),
        },
        {
            "name": "larger_images",
            "mechanism": "receptive_field",
            "settings": (("data.image_size", "double"),),
        },
    )
    config.train.batch_size = 64
    config.train.epochs = 8
    config.train.learning_rate = 0.05
    config.train.warmup_steps = 45
    config.train.log_every = 9
    config.train.evaluations = 3
    config.hypotheses = (
        {
            "name": "plain_degrades",
            "statement": "Test error of plain nets rises with depth.",
            "metric": "test_error",
            "relation": "rises",
            "along": "model.depth",
        },
        {
            "name": "residual_does_not",
            "statement": "With residual connections, test error does not rise with depth.",
            "metric": "test_error",
            "relation": "does_not_rise",
            "where": (RESIDUAL,),
            "along": "model.depth",
            "margin": 0.02,
        },
        {
            "name": "residual_repairs",
            "statement": "At the greatest depth, residual connections lower test error.",
            "metric": "test_error",
            "relation": "less",
            "where": (DEEPEST, RESIDUAL),
            "against": (DEEPEST, UNTREATED),
        },
    )
    return config
