"""Does half precision cost accuracy, at any of three depths?

depthstudy run precision

Residual nets of three depths in float32, bfloat16, and float16 with and without loss scaling; the
parameters are float32 always. What half precision may change is at most two points of test error.
A run that fails counts with the error of a guess, and the report counts those that diverge; a probe
tells which share of each layer's gradients float16 would lose. On a CPU half precision is slower
than float32: there, this is a study of accuracy alone. On a TPU or GPU float32 is what it is there
by default, with the factors of products rounded to bfloat16 or TF32; against products in full give
JAX_DEFAULT_MATMUL_PRECISION=highest. The report says which it was.
"""

import ml_collections

from depthstudy import config as base
from depthstudy import questions

DEPTHS = (8, 20, 32)
FULL = (("train.precision", "float32"), ("train.loss_scale", "dynamic"))
HALVES = {
    "bfloat16": (("train.precision", "bfloat16"), ("train.loss_scale", "dynamic")),
    "float16": (("train.precision", "float16"), ("train.loss_scale", "dynamic")),
    "float16_unscaled": (("train.precision", "float16"), ("train.loss_scale", "none")),
}


def get_config() -> ml_collections.ConfigDict:
    config = base.defaults()
    config.name = "precision"
    config.seeds = 3
    config.variants = tuple(
        (f"{name}_depth{depth}", (("model.depth", depth), *settings))
        for name, settings in {"float32": FULL, **HALVES}.items()
        for depth in DEPTHS
    )
    questions.digits(config)
    config.probes = ("underflow",)
    config.hypotheses = tuple(
        {
            "name": name,
            "statement": f"{words} reaches the test error of float32 within two points.",
            "metric": "test_error",
            "relation": "equivalent",
            "where": HALVES[name],
            "against": FULL,
            "margin": 0.02,
        }
        for name, words in (
            ("bfloat16", "bfloat16"),
            ("float16", "float16 with dynamic loss scaling"),
            ("float16_unscaled", "float16 without loss scaling"),
        )
    )
    return config
