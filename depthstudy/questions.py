"""The usual questions of a depth study, for configs to ask: hypotheses and treatments as values."""

from __future__ import annotations

from typing import Any

PLAIN = (("model.family", "plain"),)
RESNET = (("model.family", "resnet"),)
DEEPEST = ("model.depth", "greatest")

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

    Args:
      margin: Difference in test error, as a fraction, that is no difference.
    """
    return (
        {
            "name": "blocks_are_redundant",
            "statement": "The deepest residual net errs no more or less without half its blocks.",
            "metric": "test_error",
            "relation": "equivalent",
            "where": (*RESNET, DEEPEST, ("treatment", "block_removal")),
            "against": (*RESNET, DEEPEST),
            "margin": margin,
        },
    )


def treatments(*, shift: int, fine_tune_epochs: int, fine_tune_rate: float) -> Rows:
    """Returns a treatment, or more, for each mechanism that may be to blame.

    Residual connections (He et al. 2015) and delta-orthogonal initialisation (Xiao et al. 2018,
    arXiv 1806.05393) help optimisation, and are given to plain nets; shifted images help against
    overfitting; images of twice the size make the receptive field smaller against the image. From
    residual nets half of the blocks are taken out, with nets of the same shape trained from scratch
    for as long as the control (Liu et al. 2019, arXiv 1810.05270).

    Args:
      shift: Largest shift of images in pixels.
      fine_tune_epochs: Passes over the train set after blocks are gone.
      fine_tune_rate: Peak learning rate of these.
    """
    removal = (
        ("prune.blocks", 0.5),
        ("prune.fine_tune_epochs", fine_tune_epochs),
        ("prune.fine_tune_rate", fine_tune_rate),
    )
    return (
        {
            "name": "residual",
            "mechanism": "optimisation",
            "settings": (("model.family", "resnet"),),
            "where": PLAIN,
        },
        {
            "name": "delta_orthogonal",
            "mechanism": "optimisation",
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
    )
