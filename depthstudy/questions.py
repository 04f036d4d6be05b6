"""The usual questions of a depth study, for configs to ask: hypotheses and treatments as values.

Also what studies of one kind begin with: ``claim`` for those in ``configs/claims``.
"""

from __future__ import annotations

from typing import Any

import ml_collections

from depthstudy import config as base
from depthstudy.data.sources import fashion_mnist
from depthstudy.errors import InputError

SIZES = ("small", "full", "smoke")
PLAIN = (("model.family", "plain"),)
RESNET = (("model.family", "resnet"),)
DEEPEST = ("model.depth", "greatest")

RATES = (("train.learning_rate", (0.003, 0.01, 0.03, 0.1, 0.3)),)  # half decades, to tune over

Rows = tuple[dict[str, Any], ...]


def degradation() -> Rows:
    """Returns the hypotheses of He et al. 2015 (arXiv 1512.03385) on plain and residual nets."""
    return (
        {
            "name": "plain_degrades",
            "statement": "Train error of plain nets rises with depth.",
            "metric": "train_error",
            "relation": "rises",
            "where": PLAIN,
            "along": "model.depth",
        },
        {
            "name": "resnet_does_not",
            "statement": "Train error of residual nets does not rise with depth.",
            "metric": "train_error",
            "relation": "does_not_rise",
            "where": RESNET,
            "along": "model.depth",
            "margin": 0.02,
        },
        {
            "name": "residual_repairs",
            "statement": "At the greatest depth, residual connections lower test error.",
            "metric": "test_error",
            "relation": "less",
            "where": (*RESNET, DEEPEST),
            "against": (*PLAIN, DEEPEST),
        },
    )


def redundancy(margin: float) -> Rows:
    """Returns the hypothesis that half the blocks of the deepest residual net can go.

    What is left is compared with the whole net trained on for as long, so that both have seen as
    many images.

    Args:
      margin: Difference in test error, as a fraction, that is no difference.
    """
    return (
        {
            "name": "blocks_are_redundant",
            "statement": "The deepest residual net errs no more or less without half its blocks "
            "than whole, trained for as long.",
            "metric": "test_error",
            "relation": "equivalent",
            "where": (*RESNET, DEEPEST, ("treatment", "block_removal")),
            "against": (*RESNET, DEEPEST, ("treatment", "whole")),
            "margin": margin,
        },
    )


def treatments(*, shift: int) -> Rows:
    """Returns a treatment, or more, for each mechanism that may be to blame but redundant blocks.

    Residual connections (He et al. 2015) and delta-orthogonal initialization (Xiao et al. 2018,
    arXiv 1806.05393) help optimization, and are given to plain nets; shifted images help against
    overfitting; images of twice the size make the receptive field smaller against the image.

    Args:
      shift: Largest shift of images in pixels.
    """
    return (
        {
            "name": "residual",
            "mechanism": "optimization",
            "settings": (("model.family", "resnet"),),
            "where": PLAIN,
        },
        {
            "name": "delta_orthogonal",
            "mechanism": "optimization",
            "settings": (("model.init", "delta_orthogonal"),),
            "where": PLAIN,
        },
        {
            "name": "augmentation",
            "mechanism": "overfitting",
            "settings": (("data.shift", shift),),
        },
        {
            "name": "larger_images",
            "mechanism": "receptive_field",
            "settings": (("data.image_size", "double"),),
        },
    )


def block_removal(*, epochs: int, fine_tune_epochs: int, fine_tune_rate: float) -> Rows:
    """Returns the treatment that takes half of the blocks out of residual nets, and its controls.

    ``scratch`` are nets of the same shape trained from scratch, ``whole`` are the whole nets, both
    for as long as a removal with the training before it (Liu et al. 2019, arXiv 1810.05270).

    Args:
      epochs: Passes over the train set of a whole net.
      fine_tune_epochs: Passes after blocks are gone.
      fine_tune_rate: Peak learning rate of these.
    """
    removal = (
        ("prune.blocks", 0.5),
        ("prune.fine_tune_epochs", fine_tune_epochs),
        ("prune.fine_tune_rate", fine_tune_rate),
    )
    return (
        {
            "name": "block_removal",
            "mechanism": "redundancy",
            "settings": removal,
            "where": RESNET,
        },
        {
            "name": "scratch",
            "mechanism": "redundancy",
            "settings": (*removal, ("prune.control", "scratch_epochs")),
            "where": RESNET,
            "control_of": "block_removal",
        },
        {
            "name": "whole",
            "mechanism": "redundancy",
            "settings": (("train.epochs", epochs + fine_tune_epochs),),
            "where": RESNET,
            "control_of": "block_removal",
        },
    )


def claim(name: str, size: str) -> ml_collections.ConfigDict:
    """Returns what the studies of ``configs/claims`` share: data, training and seeds.

    Args:
      name: Name of the study.
      size: ``"small"`` is for two CPU cores: 2,000 images of Fashion-MNIST in 14 x 14 pixels where
        Debian's package has put its files, else the digits; each net is tuned, and what does not
        fit is trained for four times the steps. ``"full"`` is published scale and recipe: He et al.
        2015 on CIFAR-10. ``"smoke"`` is a few steps on a few digits.

    Raises:
      InputError: There is no such size.
    """
    if size not in SIZES:
        raise InputError(f"no size {size!r} of a claim; allowed: {', '.join(SIZES)}")
    config = base.defaults()
    config.name = f"claim_{name}" if size == "small" else f"claim_{name}_{size}"
    config.seeds, config.seeds_until_settled = 3, 5
    config.probe_seeds = 3
    if size == "full":
        cifar10(config)
        return config
    config.tune = (("train.learning_rate", (0.015, 0.05, 0.15)),)
    config.budget_check = (4,)
    fashion = size == "small" and fashion_mnist.is_there()
    config.model.width = 8 if fashion else 16
    config.data.name = "fashion_mnist" if fashion else "digits"
    config.data.image_size = 14 if fashion else 8
    config.data.train_examples = 2_000 if fashion else 1_400
    config.train.batch_size = 64
    config.train.steps = 250
    config.train.learning_rate = 0.05
    config.train.warmup_steps = 45
    config.train.log_every = 10
    config.train.evaluations = 2
    config.train.eval_train_examples = 2_000
    if size == "smoke":
        _smoke(config)
    return config


def search(config: ml_collections.ConfigDict, size: str) -> None:
    """Sets a search over free stages within a limit of multiply-accumulates, in depths apart.

    Args:
      config: What ``claim`` gave for this size.
      size: As for ``claim``.
    """
    found, config.model.width = config.search, None  # which not all families take
    found.kernels, found.expansions = (3, 5), (1, 2, 4)
    config.tune = (("train.learning_rate", (0.01, 0.03, 0.1, 0.3)),)
    config.seeds, config.seeds_until_settled = 5, None
    config.budget_check = (2,)
    config.data.validation = 0.25
    if size == "full":
        found.stages = 3
        found.strata, found.macs, found.width = ((8, 14), (15, 26), (27, 50)), 40_000_000, 16
        found.trials, found.startup, found.generation, found.repeats = 48, 12, 8, 5
        found.shares, found.keep, found.scored = (0.125, 0.25, 1.0), 0.25, 100
        found.families = ("resnet", "mobilenet_v2", "efficientnet")
        return
    found.counts, found.width, found.macs = (1, 2, 3, 4, 5, 6), 8, 1_000_000
    found.stages, found.strata = 2, ((4, 8), (9, 14), (15, 24))
    found.trials, found.startup, found.generation, found.repeats = 6, 3, 3, 5
    found.scored = 18
    found.families = ("resnet", "mobilenet_v2", "efficientnet")
    config.train.steps, config.train.warmup_steps = 120, 20
    if size == "smoke":
        found.stages, found.counts, found.strata = 1, (1, 2, 3), ((4, 5), (6, 11))
        found.trials, found.startup, found.generation, found.repeats = 2, 1, 1, 3
        found.scored, found.families, found.kinds = 0, ("resnet",), ("basic", "inverted")
        config.train.steps, config.train.warmup_steps, config.seeds = 4, 1, 3
        config.data.train_examples, config.budget_check = 160, ()


def _smoke(config: ml_collections.ConfigDict) -> None:
    config.seeds = config.probe_seeds = 2
    config.seeds_until_settled = None
    config.tune = ()
    config.budget_check = ()
    config.probe_examples = 64
    config.model.width = 4
    config.data.train_examples = 128
    config.data.validation = 0.0
    config.data.test_split = "test[:64]"
    config.train.batch_size = 32
    config.train.steps = 4
    config.train.warmup_steps = 1
    config.train.log_every = 2
    config.train.evaluations = 1


def digits(config: ml_collections.ConfigDict) -> None:
    """Sets a recipe with which residual nets of depth 56 learn the digits in 180 steps."""
    config.train.batch_size = 64
    config.train.epochs = 8
    config.train.learning_rate = 0.05
    config.train.warmup_steps = 45
    config.train.log_every = 9
    config.train.evaluations = 3


def cifar10(config: ml_collections.ConfigDict) -> None:
    """Sets the recipe of He et al. 2015 (arXiv 1512.03385) for CIFAR-10.

    64,000 steps of batch 128, learning rate 0.1 divided by 10 at half and at three quarters, weight
    decay 1e-4, pad-and-crop by 4 pixels and flip. The slow start that the paper gives the deepest
    net is a linear warm-up over 400 steps, the same for all.
    """
    config.data.name = "cifar10"
    config.data.shift = 4
    config.data.flip = True
    config.train.batch_size = 128
    config.train.steps = 64_000
    config.train.learning_rate = 0.1
    config.train.schedule = "step"
    config.train.step_boundaries = (0.5, 0.75)
    config.train.warmup_steps = 400
    config.train.weight_decay = 1e-4
    config.train.log_every = 200
    config.train.evaluations = 32
    config.train.eval_batch_size = 1_000


def imagenet(config: ml_collections.ConfigDict) -> None:
    """Sets the recipe of Goyal et al. 2017 (arXiv 1706.02677) for ImageNet, with a cosine schedule.

    Batch 1,024 over 90 epochs, five of them of warm-up, and label smoothing; in bfloat16, a batch
    split over all devices.
    """
    config.model.layout = "imagenet"
    config.data.name = "imagenet2012"
    config.data.test_split = "validation"
    config.data.image_size = 224
    config.data.shift = 0
    config.data.crop_area = 0.08
    config.data.eval_center = 0.875
    config.data.flip = True
    config.data.stream = True
    config.train.placement = "jit"
    config.train.precision = "bfloat16"
    config.train.batch_size = 1_024
    config.train.steps = None
    config.train.epochs = 90
    config.train.schedule = "cosine"
    config.train.learning_rate = 0.4
    config.train.nesterov = True
    config.train.warmup_steps = 6_256  # five epochs
    config.train.weight_decay = 1e-4
    config.train.label_smoothing = 0.1
    config.train.log_every = 100
    config.train.evaluations = 90
    config.train.eval_batch_size = 1_024
