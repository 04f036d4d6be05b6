"""Variants that start from a trained net: what is taken out of it, and how the rest is trained.

What goes depends on what the dense net has learned, so each seed may have an architecture of its
own; how much goes does not, so that what a variant costs is known beforehand, or nearly.
"""

from __future__ import annotations

import dataclasses

from depthstudy import prune, train
from depthstudy.arch import ArchSpec, channel_groups, cost, narrow
from depthstudy.arch.layer_types import BatchNorm
from depthstudy.config import PruneConfig, StudyConfig, TrainConfig
from depthstudy.data import Dataset
from depthstudy.errors import InputError
from depthstudy.nets import surgery

DENSE = PruneConfig()
_CUBIC_ROUNDS = 10


class NothingToPruneError(InputError):
    """The net has nothing of what is to be taken out."""


def expected(dense: ArchSpec, own: PruneConfig) -> ArchSpec:
    """Returns an architecture of as many blocks and channels as will be left, to know its cost.

    Raises:
      NothingToPruneError: No block can be taken out.
      InputError: There is no fine-tuning, or parts of ``own`` do not go together.
    """
    if own == DENSE:
        return dense
    if not own.fine_tune_epochs:
        raise InputError(
            "config.prune.fine_tune_epochs has to be at least 1 where config.prune has another "
            "field set"
        )
    sparsity(own, 1)
    last_first = {path: -i for i, path in enumerate(surgery.removable(dense))}
    removed = prune.least_damaging(dense, last_first, own.blocks)
    if own.blocks and not removed:
        raise NothingToPruneError(
            f"no block can be taken out with config.prune.blocks={own.blocks}: of the "
            f"{len(last_first)} whose shortcut is the identity, every stage keeps one"
        )
    spec, _ = surgery.remove_blocks(dense, {}, removed)
    return _narrowed(spec, own.channels) if channel_pruner(spec, own) else spec


def training(dense: ArchSpec, spec: ArchSpec, config: StudyConfig, dataset: Dataset) -> TrainConfig:
    """Returns how what is left is trained: fine-tuned, or anew for as long as both together.

    The penalty on scales is for what is to be pruned, so there is none any more.
    """
    base, own = config.train, config.prune
    if own == DENSE:
        return base
    tuning = train.count_steps(
        dataclasses.replace(base, steps=None, epochs=own.fine_tune_epochs), len(dataset.train)
    )
    if own.control == "none":
        rate = own.fine_tune_rate or base.learning_rate
        return dataclasses.replace(
            base, steps=tuning, learning_rate=rate, warmup_steps=0, scale_penalty=0.0
        )
    before = train.count_steps(base, len(dataset.train))
    if own.control == "scratch_compute":
        macs = [cost(value, dataset.image_shape).macs for value in (dense, spec)]
        before = round(before * macs[0] / macs[1])
    return dataclasses.replace(base, steps=before + tuning, scale_penalty=0.0)


def sparsity(own: PruneConfig, steps: int) -> train.Sparsity | None:
    """Returns how weights are pruned over a training of ``steps``, if they are."""
    if not own.weights:
        return None
    match own.schedule:
        case "one_shot":
            schedule = prune.one_shot(own.weights, step=1)
        case "cubic":
            stop = max(1, steps // 2)
            every = max(1, stop // _CUBIC_ROUNDS)
            schedule = prune.cubic(own.weights, start=0, stop=stop, every=every)
        case "iterative":
            starts = dict.fromkeys(1 + steps * i // own.rounds for i in range(own.rounds))
            schedule = prune.iterative(own.weights, steps=list(starts))
    pruner = prune.Weights(_weight_score(own), own.distribution, own.exempt)
    return train.Sparsity(pruner, prune.rewinding(schedule, own.rewind))


def _narrowed(spec: ArchSpec, share: float) -> ArchSpec:
    """Returns the net without the last units of each group."""
    keep = {}
    for group in channel_groups(spec):
        units = len(group.units)
        left = max(1, units - round(share * units))
        keep[group.name] = tuple(i < left for i in range(units))
    return narrow(spec, keep)


def _weight_score(own: PruneConfig) -> prune.Score:
    if own.score == "norm_scale":
        raise InputError(
            "config.prune.score='norm_scale' is of channels; of weights: magnitude, random"
        )
    return prune.magnitude if own.score == "magnitude" else prune.random


def channel_pruner(spec: ArchSpec, own: PruneConfig) -> prune.Channels | None:
    """Returns what chooses the channels that go, if any do."""
    if not own.channels:
        return None
    normalized = any(
        isinstance(place.layer, BatchNorm) for g in channel_groups(spec) for place in g.places
    )
    if own.score == "norm_scale" and not normalized:
        raise InputError(
            "config.prune.score='norm_scale' needs a net with normalization; without: magnitude, "
            "random"
        )
    scores = {
        "magnitude": prune.filter_norm,
        "norm_scale": prune.norm_scale,
        "random": prune.random_units,
    }
    return prune.Channels(spec, scores[own.score], own.distribution)
