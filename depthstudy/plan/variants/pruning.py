"""Pruned variants: what is taken out of a trained net, and how the rest is trained.

What goes depends on what the dense net has learned, so each seed may have an architecture of its
own; how much goes does not, so that what a variant costs is known beforehand, or nearly.
"""

from __future__ import annotations

import dataclasses

from depthstudy import nets, prune, train
from depthstudy.arch import ArchSpec, DetectorSpec, Spec, channel_groups, narrow
from depthstudy.arch.layer_types import Norm
from depthstudy.config import PruneConfig, StudyConfig, TrainConfig
from depthstudy.data import Dataset
from depthstudy.errors import InputError, NothingToChangeError
from depthstudy.nets import surgery

DENSE = PruneConfig()
_CUBIC_ROUNDS = 10


def expected(dense: Spec, config: PruneConfig) -> Spec:
    """Returns an architecture of as many blocks and channels as will be left, to know its cost.

    Raises:
      NothingToChangeError: No block can be taken out.
      InputError: There is no fine-tuning, or parts of ``config`` do not go together, or with a
        user's own module.
    """
    if config == DENSE:
        return dense
    if isinstance(dense, DetectorSpec):
        raise InputError(
            f"config.prune is set, and {dense.family} is a detector: only classifiers are pruned"
        )
    if not config.fine_tune_epochs:
        raise InputError(
            "config.prune.fine_tune_epochs has to be at least 1 where config.prune has another "
            "field set"
        )
    sparsity(config, 1)
    if not isinstance(dense, ArchSpec):
        for part in ("blocks", "channels"):
            if share := getattr(config, part):
                raise InputError(
                    f"config.prune.{part}={share} needs a family, whose {part} are known; of the "
                    f"module {dense.module} only config.prune.weights can be pruned"
                )
        return dense
    last_first = {path: -i for i, path in enumerate(surgery.removable(dense))}
    removed = prune.least_damaging(dense, last_first, config.blocks)
    if config.blocks and not removed:
        raise NothingToChangeError(
            f"no block can be taken out with config.prune.blocks={config.blocks}: of the "
            f"{len(last_first)} whose shortcut is the identity, every stage keeps one"
        )
    spec, _ = surgery.remove_blocks(dense, {}, removed)
    return _narrowed(spec, config.channels) if channel_pruner(spec, config) else spec


def training(dense: Spec, spec: Spec, config: StudyConfig, dataset: Dataset) -> TrainConfig:
    """Returns how a pruned net is trained: fine-tuned, or anew for as long as both together.

    The penalty on scales is for what is to be pruned, so there is none any more.
    """
    base, pruned = config.train, config.prune
    if pruned == DENSE:
        return base
    tuning = count_tuning_steps(config, len(dataset.train))
    if pruned.control == "none":
        rate = pruned.fine_tune_rate or base.learning_rate
        return dataclasses.replace(
            base, steps=tuning, learning_rate=rate, warmup_steps=0, scale_penalty=0.0
        )
    before = train.count_steps(base, len(dataset.train))
    if pruned.control == "scratch_compute":
        macs = [nets.cost(value, dataset.image_shape).macs for value in (dense, spec)]
        before = round(before * macs[0] / macs[1])
    return dataclasses.replace(base, steps=before + tuning, scale_penalty=0.0)


def count_tuning_steps(config: StudyConfig, train_examples: int) -> int:
    """Returns the length of the fine-tuning of a pruned net in steps."""
    base, epochs = config.train, config.prune.fine_tune_epochs
    least_steps = round(base.least_steps * epochs / base.epochs)
    fine_tuning = dataclasses.replace(base, steps=None, epochs=epochs, least_steps=least_steps)
    return train.count_steps(fine_tuning, train_examples)


def sparsity(config: PruneConfig, steps: int) -> train.Sparsity | None:
    """Returns how weights are pruned over a training of ``steps``, if they are."""
    if not config.weights:
        return None
    match config.schedule:
        case "one_shot":
            schedule = prune.one_shot(config.weights, step=1)
        case "cubic":
            stop = max(1, steps // 2)
            every = max(1, stop // _CUBIC_ROUNDS)
            schedule = prune.cubic(config.weights, start=0, stop=stop, every=every)
        case "iterative":
            starts = dict.fromkeys(1 + steps * i // config.rounds for i in range(config.rounds))
            schedule = prune.iterative(config.weights, steps=list(starts))
    pruner = prune.Weights(_weight_score(config), config.distribution, config.exempt)
    return train.Sparsity(pruner, prune.rewinding(schedule, config.rewind))


def _narrowed(spec: ArchSpec, share: float) -> ArchSpec:
    """Returns the net without the last units of each group."""
    keep = {}
    for group in channel_groups(spec):
        units = len(group.units)
        left = max(1, units - round(share * units))
        keep[group.name] = tuple(i < left for i in range(units))
    return narrow(spec, keep)


def _weight_score(config: PruneConfig) -> prune.Score:
    if config.score == "norm_scale":
        raise InputError(
            "config.prune.score='norm_scale' is of channels; of weights: magnitude, random"
        )
    return prune.magnitude if config.score == "magnitude" else prune.random


def channel_pruner(spec: ArchSpec, config: PruneConfig) -> prune.Channels | None:
    """Returns the pruner that chooses the channels to take out, if any are."""
    if not config.channels:
        return None
    normalized = any(
        isinstance(place.layer, Norm) for g in channel_groups(spec) for place in g.places
    )
    if config.score == "norm_scale" and not normalized:
        raise InputError(
            "config.prune.score='norm_scale' needs a net with normalization; without: magnitude, "
            "random"
        )
    scores = {
        "magnitude": prune.filter_norm,
        "norm_scale": prune.norm_scale,
        "random": prune.random_units,
    }
    return prune.Channels(spec, scores[config.score], config.distribution)
