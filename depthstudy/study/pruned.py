"""Variants that start from a trained net: what is taken out of it, and how the rest is trained.

Which blocks go depends on what the dense net has learned, so each seed has an architecture of its
own; how many go does not, so that what a variant costs is known beforehand, or nearly.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import jax

from depthstudy import nets, probes, train
from depthstudy.arch import ArchSpec, cost
from depthstudy.config import PruneConfig, StudyConfig, TrainConfig
from depthstudy.data import Dataset
from depthstudy.errors import InputError
from depthstudy.nets import surgery
from depthstudy.store import RunStore

DENSE = PruneConfig()
_EXAMPLES = 2_000  # train examples on which the damage of a deletion is measured


class NothingToPruneError(InputError):
    """The net has nothing of what is to be taken out."""


@dataclasses.dataclass(frozen=True, eq=False)
class Beginning:
    """What a run starts from.

    Attributes:
      spec: Its architecture.
      variables: Its variables before the first step; ``None`` where they are drawn.
      removed: Blocks of the dense net that are gone, as ``"stage1/block02"``.
    """

    spec: ArchSpec
    variables: nets.Variables | None = None
    removed: tuple[str, ...] = ()


def expected(dense: ArchSpec, prune: PruneConfig) -> ArchSpec:
    """Returns an architecture of as many blocks as will be left, to know its cost beforehand.

    Raises:
      NothingToPruneError: No block can be taken out.
      InputError: There is no fine-tuning.
    """
    if prune == DENSE:
        return dense
    if not prune.fine_tune_epochs:
        raise InputError(
            "config.prune.fine_tune_epochs has to be at least 1 where config.prune has another "
            "field set"
        )
    removable = surgery.removable(dense)
    if prune.blocks and not removable:
        raise NothingToPruneError("no block has an identity shortcut, so none can be taken out")
    last = removable[len(removable) - _count(removable, prune) :]
    return surgery.remove_blocks(dense, {}, last)[0]


def training(dense: ArchSpec, spec: ArchSpec, config: StudyConfig, dataset: Dataset) -> TrainConfig:
    """Returns how what is left is trained: fine-tuned, or anew for as long as both together."""
    own, prune = config.train, config.prune
    if prune == DENSE:
        return own
    tuning = train.count_steps(
        dataclasses.replace(own, steps=None, epochs=prune.fine_tune_epochs), len(dataset.train)
    )
    if prune.control == "none":
        rate = prune.fine_tune_rate or own.learning_rate
        return dataclasses.replace(own, steps=tuning, learning_rate=rate, warmup_steps=0)
    before = train.count_steps(own, len(dataset.train))
    if prune.control == "scratch_compute":
        macs = [cost(value, dataset.image_shape).macs for value in (dense, spec)]
        before = round(before * macs[0] / macs[1])
    return dataclasses.replace(own, steps=before + tuning)


def begin(
    config: StudyConfig, dataset: Dataset, dense: RunStore, removed: Sequence[str] = ()
) -> Beginning:
    """Returns what a run starts from, given the finished run of its dense twin.

    Args:
      config: Of the variant.
      dataset: What it learns.
      dense: The run of the dense twin with the same seed.
      removed: Blocks that an interrupted run has taken out already; with none they are chosen.
    """
    info = dense.read_info()
    assert info is not None, dense.folder
    spec = ArchSpec.from_json(info.arch)
    variables = _trained(dense)
    if config.prune.blocks and not removed:
        subject = probes.Subject(nets.Network(spec), variables, dataset, examples=_EXAMPLES)
        damage = probes.deletion_damage(subject)
        removed = sorted(damage, key=lambda path: damage[path])[: _count(damage, config.prune)]
    left, kept = surgery.remove_blocks(spec, variables, removed)
    scratch = config.prune.control != "none"
    return Beginning(left, None if scratch else kept, tuple(sorted(removed)))


def _count(removable: Sequence[str] | dict[str, float], prune: PruneConfig) -> int:
    return math.ceil(prune.blocks * len(removable) - 1e-9)


def _trained(run: RunStore) -> nets.Variables:
    """Returns the variables of the last checkpoint of a run."""
    checkpoints = run.open_checkpoints()
    try:
        state = checkpoints.restore(max(checkpoints.all_steps()))
    finally:
        checkpoints.close()
    return jax.device_get({"params": state["params"], "batch_stats": state["batch_stats"]})
