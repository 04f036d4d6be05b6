"""How much of a deep net can go, and is a pruned deep net better than a shallow one?

depthstudy run pruning
depthstudy run pruning:14,20

Residual nets of two depths on the digits, or of the depths that are named, each of 6n + 2 layers.
Once a net is trained, weights are taken out of it (the smallest, Han et al. 2015, of the whole net
or as Evci et al. 2020 share it out among layers), channels (of small filters, Li et al. 2017, or of
small scales, Liu et al. 2017) or blocks; the rest is trained on for half as long again. Random
choice is the control of every score. What is left is also trained anew, for as many epochs and for
as much compute as dense net and fine-tuning together (Liu et al. 2019). Whole nets are trained for
as many epochs too: of the same depths, which is what a pruned net is held against, and of a lesser
one, with about as many multiply-accumulates as the deepest has with half of its channels.
"""

import ml_collections

from depthstudy import config as base
from depthstudy import questions

EPOCHS, TUNED = 8, 4
FEWER = 0.5  # share of channels, or of blocks, that has controls
WEIGHTS = {  # by method: what is set, and shares
    "": ({}, (0.5, 0.8, 0.9, 0.95)),
    "_erk": ({"prune.distribution": "erk"}, (0.9, 0.95)),
    "_random": ({"prune.score": "random"}, (0.8, 0.95)),
}
SLIM = {"prune.score": "norm_scale", "train.scale_penalty": 0.01}
ANEW = {"prune.control": "scratch_epochs"}
LONGER = {"prune.control": "scratch_compute"}
CHANNELS = {
    "": ({}, (0.3, FEWER, 0.7)),
    "_norm_scale": (SLIM, (FEWER, 0.7)),
    "_random": ({"prune.score": "random"}, (FEWER, 0.7)),
    "_scratch": (ANEW, (FEWER,)),
    "_scratch_longer": (LONGER, (FEWER,)),
}
BLOCKS = {"": ({}, (FEWER, 0.75)), "_scratch": (ANEW, (FEWER,))}
PARTS = (
    ("weights", WEIGHTS, {}),
    ("channels", CHANNELS, {"prune.distribution": "uniform"}),
    ("blocks", BLOCKS, {}),
)
TUNING = {"prune.fine_tune_epochs": TUNED, "prune.fine_tune_rate": 0.02}
LONG = {"train.epochs": EPOCHS + TUNED}  # as dense net and fine-tuning together
DEEPEST = {"model.depth": "greatest"}
SMALLEST = {"prune.score": "magnitude", "prune.distribution": "global"}
FEWER_CHANNELS = {"prune.channels": FEWER, "prune.score": "magnitude", "prune.control": "none"}


def pruned(part, share, method=""):
    """Returns the settings of a pruned net, but for its depth."""
    methods, fixed = {name: rest for name, *rest in PARTS}[part]
    return TUNING | fixed | methods[method][0] | {f"prune.{part}": share}


def variants(depths, shallow):
    """Yields the name of each net with its settings."""
    for depth in depths:
        yield f"depth{depth}", {"model.depth": depth}
        penalty = {"train.scale_penalty": SLIM["train.scale_penalty"]}
        yield f"depth{depth}_slim", {"model.depth": depth} | penalty
        for part, methods, _ in PARTS:
            for method, (_, shares) in methods.items():
                for share in shares:
                    settings = {"model.depth": depth} | pruned(part, share, method)
                    yield f"depth{depth}_{part}{share}{method}", settings
    for depth in sorted({shallow, *depths}):
        yield f"depth{depth}_longer", {"model.depth": depth} | LONG


def get_config(depths: str = "20,44") -> ml_collections.ConfigDict:
    config = base.defaults()
    config.name = "pruning"
    config.train.placement = "jit"  # one net at a time, as times are compared
    config.seeds = 3
    numbers = sorted(map(int, depths.split(",")))
    # A third of the blocks has about as many multiply-accumulates as half of the channels.
    shallow = 6 * max(1, (numbers[-1] - 2) // 6 // 3) + 2
    config.variants = tuple(
        (name, tuple(settings.items())) for name, settings in variants(numbers, shallow)
    )
    questions.digits(config)
    config.train.epochs = EPOCHS
    config.train.evaluations = 2
    config.probes = ("density",)
    highest = WEIGHTS[""][1][-1]
    config.hypotheses = (
        question(
            "weights_can_go",
            "Without nine tenths of its weights, the deepest net errs no more or less than one "
            "that is whole and trained for as long.",
            "equivalent",
            DEEPEST | {"prune.weights": 0.9} | SMALLEST,
            DEEPEST | LONG,
            0.02,
        ),
        question(
            "pruned_beats_shallow",
            "The deepest net without half of its channels errs less than a shallower net of about "
            "as many multiply-accumulates that is trained for as many epochs.",
            "less",
            {"model.depth": numbers[-1]} | FEWER_CHANNELS,
            {"model.depth": shallow} | LONG,
        ),
        question(
            "half_the_depth_is_enough",
            "Without half of its blocks, the deepest net errs no more or less than one that is "
            "whole and trained for as long.",
            "equivalent",
            DEEPEST | {"prune.blocks": FEWER, "prune.control": "none"},
            DEEPEST | LONG,
            0.02,
        ),
        question(
            "magnitude_beats_random",
            f"Without {highest:.0%} of the weights, a net errs less by more than a point if the "
            "smallest have gone than if random ones have.",
            "less",
            {"prune.weights": highest} | SMALLEST,
            {"prune.weights": highest, "prune.score": "random"},
            0.01,
        ),
        question(
            "tuned_beats_scratch",
            "Without half of its channels, a net that goes on from what it has learned errs less "
            "than one of the same shape that is trained anew for as many epochs.",
            "less",
            FEWER_CHANNELS,
            {"prune.channels": FEWER} | ANEW,
        ),
    )
    return config


def question(name, statement, relation, where, against, margin=0.0):
    """Returns a hypothesis on test error."""
    return {
        "name": name,
        "statement": statement,
        "metric": "test_error",
        "relation": relation,
        "where": tuple(where.items()),
        "against": tuple(against.items()),
        "margin": margin,
    }
