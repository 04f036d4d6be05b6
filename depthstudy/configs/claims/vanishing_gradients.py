"""Claim 3: deeper nets do worse because gradients vanish on the way back.

    depthstudy run claims/vanishing_gradients
    depthstudy run claims/vanishing_gradients:full

Prediction: in plain nets with batch normalization gradients do not vanish, and the deep ones fail
nevertheless. Without normalization, and with a start that is too small, gradients do vanish, and
then failure follows; the start that makes the net an isometry trains without normalization.

Why this is fair: what is measured is how the gradient with respect to the outputs of blocks, which
is what goes back, changes from head to stem before the first step, in powers of ten, so that the
claim is judged on a cause that comes before its effect. Plain nets of two depths have four starts:
batch normalization (He et al. 2015), the same start without it, 0.7 times that start, and looks-
linear initialization (Balduzzi et al. 2017). Nets without normalization need a learning rate a
tenth as large, and are compared with one another.
"""

import ml_collections

from depthstudy import questions

CLAIM = "Deeper networks do worse because gradients vanish."
MEANING = (
    "With batch normalization, do not look for vanishing gradients first: measure them "
    "(config.probes, or depthstudy analyze --probes=gradients) before treating them. Where a net "
    "has no normalization, the scale of its start decides whether it trains at all."
)
PUBLISHED = (
    "He et al. 2015 checked that the gradients of their plain nets with batch normalization were "
    "healthy in norm, and ruled this cause out for the degradation that they report. What is known "
    "to suffer instead is how gradients of different inputs correlate (Balduzzi et al. 2017). "
    "Plain nets of 10,000 layers without normalization do train from a delta-orthogonal start "
    "(Xiao et al. 2018)."
)

SLOPE = "gradients.output_gradient_norm_slope_initial"
BATCH = (("model.norm", "batch"), ("model.init", "he"), ("model.init_scale", 1.0))
STARTS = {
    "batch_norm": BATCH,
    "no_norm": (("model.norm", "none"), *BATCH[1:]),
    "small_start": (("model.norm", "none"), ("model.init", "he"), ("model.init_scale", 0.7)),
    "isometric": (("model.norm", "none"), ("model.init", "looks_linear"), BATCH[2]),
}
DEEP, SHALLOW = ("model.depth", "greatest"), ("model.depth", "least")


def get_config(size: str = "small") -> ml_collections.ConfigDict:
    config = questions.claim("vanishing_gradients", size)
    config.model.family = "plain"
    slow = ("train.learning_rate", config.train.learning_rate / 10)
    rates = {"batch_norm": ("train.learning_rate", config.train.learning_rate)}
    config.variants = tuple(
        (f"{name}_depth{depth}", (("model.depth", depth), *start, rates.get(name, slow)))
        for name, start in STARTS.items()
        for depth in {"small": (8, 44), "full": (20, 110), "smoke": (8, 14)}[size]
    )
    config.probes = ("gradients",)
    config.hypotheses = (
        {
            "name": "gradients_vanish",
            "statement": "Before training, gradients of a deep plain net with batch normalization "
            "shrink on the way back tenfold, or more, beyond those of a shallow one.",
            "metric": SLOPE,
            "relation": "less",
            "where": (*BATCH, DEEP),
            "against": (*BATCH, SHALLOW),
            "margin": 1.0,
        },
        {
            "name": "it_fails_nevertheless",
            "statement": "The train error of plain nets with batch normalization rises with depth "
            "by more than two points.",
            "metric": "train_error",
            "relation": "rises",
            "where": BATCH,
            "along": "model.depth",
            "margin": 0.02,
        },
        {
            "name": "small_starts_vanish",
            "statement": "Without normalization and with a start that is too small, they shrink "
            "tenfold, or more, beyond those of a shallow net.",
            "metric": SLOPE,
            "relation": "less",
            "where": (*STARTS["small_start"], DEEP),
            "against": (*STARTS["small_start"], SHALLOW),
            "margin": 1.0,
        },
        {
            "name": "vanished_gradients_fail",
            "statement": "The deep net whose gradients vanish has a train error more than two "
            "points above that of the same net at the usual start.",
            "metric": "train_error",
            "relation": "greater",
            "where": (*STARTS["small_start"], DEEP),
            "against": (*STARTS["no_norm"], DEEP),
            "margin": 0.02,
        },
        {
            "name": "isometry_trains",
            "statement": "Without normalization, the deep net that starts as an isometry has a "
            "train error more than two points below that of the usual start.",
            "metric": "train_error",
            "relation": "less",
            "where": (*STARTS["isometric"], DEEP),
            "against": (*STARTS["no_norm"], DEEP),
            "margin": 0.02,
        },
    )
    return config
