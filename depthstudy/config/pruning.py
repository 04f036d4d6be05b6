"""Settings of pruning."""

from __future__ import annotations

import dataclasses
from typing import Literal

from depthstudy.config.types import Count, Fraction, Natural, Part, Positive


@dataclasses.dataclass(frozen=True)
class PruneConfig:
    """The parts of a trained net that are taken out, and how the rest goes on.

    A variant with a part of this set starts from its dense twin, which is the same config with this
    group at its defaults; a study trains the twin where it has none.

    Attributes:
      blocks: Share of the residual blocks with identity shortcuts that are taken out: those whose
        deletion adds least to the train loss. Every stage keeps one.
      channels: Share of the units of coupled channels that are taken out.
      weights: Share of the weights that are zero in the end, for good; ``schedule`` says when.
      score: Channels and weights of least ``"magnitude"`` go, channels of least ``"norm_scale"``
        (network slimming, see ``train.scale_penalty``), or ``"random"`` ones, which is the control;
        blocks always go by the damage of their deletion.
      distribution: Whether layers compete for what stays (``"global"``), each keeps the same share
        (``"uniform"``), or, of weights, larger layers lose more (``"erk"``, Evci et al. 2020).
      schedule: Weights go at once (``"one_shot"``), ever fewer of them over the first half of
        fine-tuning (``"cubic"``, Zhu & Gupta 2017), or in ``rounds`` over the whole of it, each
        of which takes the same share of what is left (``"iterative"``, Frankle & Carbin 2019).
      rounds: How many rounds an iterative schedule has.
      rewind: What goes back to the start of fine-tuning after each round: nothing, the learning
        ``"rate"`` (Renda et al. 2020), or rate and ``"weights"``.
      exempt: Shell patterns over the paths of parameters that stay whole: at first those of a
        family's first and last layer, and scales and biases. The first and the last layer of a
        module of yours have other names, and are pruned unless these name them.
      fine_tune_epochs: Passes over the train set that follow.
      fine_tune_rate: Their peak learning rate; ``None`` is that of the training (learning rate
        rewinding, Renda et al. 2020).
      control: ``"scratch_epochs"`` and ``"scratch_compute"`` train what is left anew, for as many
        epochs, or for about as many multiply-accumulates, as dense twin and fine-tuning together
        (Liu et al. 2019). Weights are then pruned along ``schedule`` over all of that.
    """

    blocks: Fraction = 0.0
    channels: Part = 0.0
    weights: Part = 0.0
    score: Literal["magnitude", "norm_scale", "random"] = "magnitude"
    distribution: Literal["global", "uniform", "erk"] = "global"
    schedule: Literal["one_shot", "cubic", "iterative"] = "cubic"
    rounds: Count = 5
    rewind: Literal["none", "rate", "weights"] = "none"
    exempt: tuple[str, ...] = ("stem/*", "head/dense/*", "*/scale", "*/bias")
    fine_tune_epochs: Natural = 0
    fine_tune_rate: Positive | None = None
    control: Literal["none", "scratch_epochs", "scratch_compute"] = "none"

    @property
    def is_control(self) -> bool:
        """Whether a net is there for others to be compared with: trained anew, or cut at random."""
        is_random = self.score == "random" and any((self.channels, self.weights))
        is_cut = any((self.blocks, self.channels, self.weights))
        return is_random or (is_cut and self.control != "none")
