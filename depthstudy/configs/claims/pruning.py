"""Claim 7: pruning makes a net smaller and faster at no cost in accuracy.

    depthstudy run claims/pruning
    depthstudy run claims/pruning:full

Prediction: after fine-tuning all three kinds err at most a point more. Filters and blocks leave
fewer parameters and faster steps; zeroed weights leave a net of the same shape and speed. The shape
that is left after filter pruning does as well when it is trained from scratch for as long.

Why this is fair: fine-tuning is as long as training was, so that the times of both can be set side
by side, step for step, on the same machine; the whole net that errors are compared with, and the
scratch control, have the steps of both (Liu et al. 2019). Speed is the measured wall time of
training steps, compiling left out, not a count of operations.
"""

import ml_collections

from depthstudy import questions

CLAIM = "Pruning gives a smaller and faster network that is no less accurate."
MEANING = (
    "Prune filters or blocks if speed is the aim, and measure it on the device that matters; zeros "
    "in a dense kernel save nothing without software that skips them. Always train the shape that "
    "is left from scratch as a control: if it does as well, train it in the first place."
)
PUBLISHED = (
    "ResNet-56 on CIFAR-10 keeps its error at 27.6% fewer operations (6.94 from 6.96%), ResNet-110 "
    "loses a fifth of a point at 38.6% fewer (Li et al. 2017); at 80% unstructured sparsity "
    "ResNet-50 on ImageNet falls from 76.67 to 75.5% top-1 by magnitude, and to 70.19% at random "
    "(jaxpruner). From scratch with an equal budget the pruned shape is as good (Liu et al. 2019)."
)

FIGURE = "error_against_cost"

PARTS = {
    "weights": (("prune.weights", 0.8),),
    "filters": (("prune.channels", 0.4),),
    "blocks": (("prune.blocks", 0.4),),
}
SCRATCH, TUNED = ("prune.control", "scratch_epochs"), ("prune.control", "none")


def get_config(size: str = "small") -> ml_collections.ConfigDict:
    config = questions.claim("pruning", size)
    config.train.placement = "jit"  # one net at a time, as times are compared
    config.model.depth = {"small": 32, "full": 56, "smoke": 14}[size]
    epochs = {"small": 8, "full": 164, "smoke": 1}[size]
    config.train.steps = None
    config.train.epochs = epochs
    tuning = ("prune.fine_tune_epochs", epochs)
    whole = (("train.epochs", 2 * epochs),)
    config.variants = (
        ("dense", ()),
        ("dense_longer", whole),
        *((name, (*part, tuning)) for name, part in PARTS.items()),
        ("filters_scratch", (*PARTS["filters"], tuning, SCRATCH)),
    )
    dense = (("prune.fine_tune_epochs", 0), ("train.epochs", epochs))
    filters, scratch = ((*PARTS["filters"], control) for control in (TUNED, SCRATCH))
    config.hypotheses = (
        {
            "name": "no_less_accurate",
            "statement": "After fine-tuning, nets without 80% of their weights, 40% of their "
            "filters or 40% of their blocks err at most a point more than a whole net that is "
            "trained for as long.",
            "metric": "test_error",
            "relation": "not_greater",
            "where": (tuning, TUNED),
            "against": whole,
            "margin": 0.01,
        },
        {
            "name": "filters_are_faster",
            "statement": "Without 40% of its filters, a net takes less time for as many steps.",
            "metric": "run.train_seconds",
            "relation": "less",
            "where": filters,
            "against": dense,
        },
        {
            "name": "blocks_are_faster",
            "statement": "Without 40% of its blocks, a net takes less time for as many steps.",
            "metric": "run.train_seconds",
            "relation": "less",
            "where": PARTS["blocks"],
            "against": dense,
        },
        {
            "name": "weights_are_faster",
            "statement": "Without 80% of its weights, a net takes less time for as many steps.",
            "metric": "run.train_seconds",
            "relation": "less",
            "where": PARTS["weights"],
            "against": dense,
        },
        {
            "name": "scratch_is_no_worse",
            "statement": "The shape that filter pruning leaves errs at most a point more if it is "
            "trained from scratch for as long.",
            "metric": "test_error",
            "relation": "not_greater",
            "where": scratch,
            "against": filters,
            "margin": 0.01,
        },
    )
    return config
