"""What rescues a plain net of depth 56, and at what cost?

python scripts/run.py --config=configs/plain_rescue.py

Each variant changes one thing that is said to let deep nets train, on the plain net of He et al.
2015 with batch normalisation, which does not at this depth. Two are meant for nets without
normalisation, and leave it out: SkipInit (De & Smith 2020), and looks-linear initialisation
(Balduzzi et al. 2017), with which the net starts as an isometry. A net of 56 linear layers needs a
lower learning rate; ``no_norm`` is the control that has all but the initialisation.
"""

import ml_collections

from depthstudy import config as base

NO_NORM = (("model.norm", "none"),)
SLOW = (("train.learning_rate", 0.005),)
RESNET = (("model.family", "resnet"),)
RESCUES = {  # settings, and what is claimed
    "residual": (RESNET, "Residual connections lower"),
    "no_norm": ((*NO_NORM, *SLOW), "Leaving normalisation out lowers"),
    "looks_linear": (
        (("model.init", "looks_linear"), *NO_NORM, *SLOW),
        "An isometric start lowers",
    ),
    "silu": ((("model.activation", "silu"),), "Another activation lowers"),
    "skip_init": ((("model.skip_init", True), *RESNET, *NO_NORM), "SkipInit lowers"),
    "repvgg": ((("model.branches", "repvgg"),), "RepVGG's branches lower"),
}
PLAIN = {
    "model.family": "plain",
    "model.norm": None,
    "model.init": None,
    "model.activation": None,
    "model.skip_init": None,
    "model.branches": None,
    "train.learning_rate": 0.05,
}


def get_config() -> ml_collections.ConfigDict:
    config = base.defaults()
    config.name = "plain_rescue"
    config.seeds = 3
    config.model.family = "plain"
    config.model.depth = 56
    config.variants = (
        ("plain", tuple(PLAIN.items())),
        *((name, settings) for name, (settings, _) in RESCUES.items()),
    )
    config.train.batch_size = 64
    config.train.epochs = 8
    config.train.learning_rate = 0.05
    config.train.warmup_steps = 45
    config.train.log_every = 9
    config.train.evaluations = 2
    config.hypotheses = tuple(
        {
            "name": name,
            "statement": f"{words} the test error of the plain net by 5 points or more.",
            "metric": "test_error",
            "relation": "less",
            "where": tuple((PLAIN | dict(settings)).items()),
            "against": tuple(PLAIN.items()),
            "margin": 0.05,
        }
        for name, (settings, words) in RESCUES.items()
    )
    return config
