"""What the studies of ``configs/claims`` begin with, in each size."""

from __future__ import annotations

import ml_collections

from depthstudy import config as base
from depthstudy.data.sources import fashion_mnist
from depthstudy.errors import InputError
from depthstudy.questions.recipes import cifar10

SIZES = ("small", "full", "smoke")


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
    options, config.model.width = config.search, None  # which not all families take
    options.kernels, options.expansions = (3, 5), (1, 2, 4)
    config.tune = (("train.learning_rate", (0.01, 0.03, 0.1, 0.3)),)
    config.seeds, config.seeds_until_settled = 5, None
    config.budget_check = (2,)
    config.data.validation = 0.25
    if size == "full":
        options.stages = 3
        options.strata, options.macs, options.width = ((8, 14), (15, 26), (27, 50)), 40_000_000, 16
        options.trials, options.startup, options.generation, options.repeats = 48, 12, 8, 5
        options.shares, options.keep = (0.125, 0.25, 1.0), 0.25
        options.families = ("resnet", "mobilenet_v2", "efficientnet")
        return
    options.counts, options.width, options.macs = (1, 2, 3, 4, 5, 6), 8, 1_000_000
    options.stages, options.strata = 2, ((4, 8), (9, 14), (15, 24))
    options.trials, options.startup, options.generation, options.repeats = 6, 3, 3, 4
    options.families = ("resnet", "mobilenet_v2", "efficientnet")
    config.train.steps, config.train.warmup_steps = 120, 20
    if size == "smoke":
        options.stages, options.counts, options.strata = 1, (1, 2, 3), ((4, 5), (6, 11))
        options.trials, options.startup, options.generation, options.repeats = 2, 1, 1, 3
        options.families, options.kinds = ("resnet",), ("basic", "inverted")
        options.kernels, options.expansions, options.squeezes = (3,), (2,), (0,)
        config.train.steps, config.train.warmup_steps, config.seeds = 4, 1, 3
        config.data.train_examples, config.budget_check = 160, ()


def scores(config: ml_collections.ConfigDict, size: str) -> None:
    """Sets nets drawn at random from the space of ``search``, which scores are to rank.

    Args:
      config: What ``claim`` gave for this size.
      size: As for ``claim``.
    """
    search(config, size)
    options = config.search
    options.method, options.repeats, options.families = "random", 1, ()
    options.shares = (1.0,)  # what they rank is the whole training
    options.strata = (
        (min(low for low, _ in options.strata), max(high for _, high in options.strata)),
    )
    options.trials = options.scored = {"small": 36, "full": 200, "smoke": 12}[size]
    config.seeds, config.budget_check = 3, ()


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
