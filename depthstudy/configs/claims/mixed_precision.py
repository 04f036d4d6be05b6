"""Claim 8: mixed precision reduces the number of parameters, memory and time.

    depthstudy run claims/mixed_precision
    depthstudy run claims/mixed_precision:full

Prediction: the number of parameters does not change at all; test error is at most two points
higher (half a point at the full size); the memory of a step falls. Time falls on TPU and GPU, and
rises on a CPU, where half precision is emulated.

Why this is fair: the same residual net, batches and seeds in float32, bfloat16 and float16 with
dynamic loss scaling; parameters, statistics of normalization and loss stay in float32, which is
what mixed precision means (Micikevicius et al. 2018). Float32 is what a device makes of it: a GPU
rounds the factors of products to TF32, as in the published comparison, and a TPU to bfloat16; with
JAX_DEFAULT_MATMUL_PRECISION=highest in the environment neither does. Memory is what the compiler
says that a step takes; time is the wall time of training steps, compiling left out.
"""

import ml_collections

from depthstudy import questions

CLAIM = "Mixed precision reduces the number of parameters, and with it memory and time."
MEANING = (
    "Use bfloat16 where the hardware has it: it saves memory and time, costs no accuracy worth "
    "speaking of, and leaves the net as large as it was. On a CPU leave it off."
)
PUBLISHED = (
    "ResNet-50 on ImageNet reaches 77.12 ± 0.11% in mixed precision and 76.95 ± 0.18% in TF32, at "
    "2,470 against 938 images a second on one A100: no effect on accuracy, a large one on time. "
    "The number of parameters is the same in both."
)

FULL = ("train.precision", "float32")
HALVES = {"bfloat16": ("train.precision", "bfloat16"), "float16": ("train.precision", "float16")}


def get_config(size: str = "small") -> ml_collections.ConfigDict:
    config = questions.claim("mixed_precision", size)
    config.train.placement = "jit"  # one net at a time, as times are compared
    if size == "full":
        questions.imagenet(config)
    config.model.depth = {"small": 20, "full": 50, "smoke": 8}[size]
    config.sweep = (("train.precision", ("float32", *HALVES)),)
    margin = 0.005 if size == "full" else 0.02
    bfloat16 = (HALVES["bfloat16"],)
    config.hypotheses = (
        {
            "name": "fewer_parameters",
            "statement": "In bfloat16, a net has fewer parameters.",
            "metric": "parameters",
            "relation": "less",
            "where": bfloat16,
            "against": (FULL,),
            "margin": 1.0,
        },
        {
            "name": "less_memory",
            "statement": "In bfloat16, a training step takes less memory.",
            "metric": "run.step_memory_bytes",
            "relation": "less",
            "where": bfloat16,
            "against": (FULL,),
        },
        {
            "name": "less_time",
            "statement": "In bfloat16, as many training steps take less time on this machine.",
            "metric": "run.train_seconds",
            "relation": "less",
            "where": bfloat16,
            "against": (FULL,),
        },
        *(
            {
                "name": f"{name}_is_as_accurate",
                "statement": f"In {name}, test error is higher by at most {100 * margin:g} points.",
                "metric": "test_error",
                "relation": "not_greater",
                "where": (half,),
                "against": (FULL,),
                "margin": margin,
            }
            for name, half in HALVES.items()
        ),
    )
    return config
