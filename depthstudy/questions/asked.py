"""Hypotheses and treatments of the usual questions, as values."""

from __future__ import annotations

from typing import Any

import numpy as np

from depthstudy.config import WITH_FINE_TUNING

PLAIN = (("model.family", "plain"),)
RESNET = (("model.family", "resnet"),)
DEEPEST = ("model.depth", "greatest")

RATES = (("train.learning_rate", (0.003, 0.01, 0.03, 0.1, 0.3)),)  # half decades, to tune over

Rows = tuple[dict[str, Any], ...]


def log_range(least: float, most: float, count: int) -> tuple[float, ...]:
    """Returns values at equal ratios from the least to the greatest, to tune a field over.

    >>> log_range(0.003, 0.3, 5)
    (0.003, 0.00949, 0.03, 0.0949, 0.3)
    """
    return tuple(float(f"{value:.3g}") for value in np.geomspace(least, most, count))


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


def block_removal(*, fine_tune_epochs: int, fine_tune_rate: float) -> Rows:
    """Returns the treatment that takes half of the blocks out of residual nets, and its controls.

    ``scratch`` are nets of the same shape trained from scratch, ``whole`` are the whole nets, both
    for as long as a removal with the training before it (Liu et al. 2019, arXiv 1810.05270).

    Args:
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
            "settings": (("train.epochs", WITH_FINE_TUNING),),
            "where": RESNET,
            "control_of": "block_removal",
        },
    )
