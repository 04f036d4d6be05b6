"""What rescues a plain net of depth 56, and at what cost?

depthstudy run plain_rescue

Each rescue is one thing that is said to let deep nets train, set against the same net without it:
the plain net of He et al. 2015 with batch normalization, which does not train at this depth. Two
are meant for nets without normalization, and are set against such nets: looks-linear initialization
(Balduzzi et al. 2017), with which a plain net starts as an isometry, and SkipInit (De & Smith 2020)
in a residual net. A net of 56 linear layers needs a lower learning rate, which its control has too.
"""

import ml_collections

from depthstudy import config as base
from depthstudy import questions
from depthstudy.questions import RESNET

NO_NORM = (("model.norm", "none"),)
SLOW = (("train.learning_rate", 0.005),)
CONTROLS = {  # settings, and what they are
    "plain": ((), "the plain net"),
    "plain_no_norm": ((*NO_NORM, *SLOW), "the plain net without normalization"),
    "resnet_no_norm": ((*RESNET, *NO_NORM), "the residual net without normalization"),
}
RESCUES = {  # what is changed, of which control, and what is claimed
    "residual": (RESNET, "plain", "Residual connections lower"),
    "silu": ((("model.activation", "silu"),), "plain", "Another activation lowers"),
    "repvgg": ((("model.branches", "repvgg"),), "plain", "RepVGG's branches lower"),
    "looks_linear": (
        (("model.init", "looks_linear"),),
        "plain_no_norm",
        "An isometric start lowers",
    ),
    "skip_init": ((("model.skip_init", True),), "resnet_no_norm", "SkipInit lowers"),
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
    config.seeds = 5
    config.model.family = "plain"
    config.model.depth = 56
    controls = {name: PLAIN | dict(settings) for name, (settings, _) in CONTROLS.items()}
    rescues = {name: controls[of] | dict(new) for name, (new, of, _) in RESCUES.items()}
    config.variants = tuple(
        (name, tuple(settings.items())) for name, settings in (controls | rescues).items()
    )
    questions.digits(config)
    config.train.evaluations = 2
    config.tune = questions.RATES
    config.budget_check = (4, 16)
    config.hypotheses = tuple(
        {
            "name": name,
            "statement": f"{words} the test error of {CONTROLS[of][1]} by 5 points or more.",
            "metric": "test_error",
            "relation": "less",
            "where": tuple(rescues[name].items()),
            "against": tuple(controls[of].items()),
            "margin": 0.05,
        }
        for name, (_, of, words) in RESCUES.items()
    )
    return config
