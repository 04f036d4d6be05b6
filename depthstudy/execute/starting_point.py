"""What a run starts from: drawn parameters, or what is left of a trained net."""

from __future__ import annotations

import contextlib
import dataclasses

import jax

from depthstudy import nets, probes, prune
from depthstudy.arch import ArchSpec, Spec
from depthstudy.config import StudyConfig, TrainConfig
from depthstudy.data import Dataset
from depthstudy.nets import surgery
from depthstudy.plan import pruning
from depthstudy.store import RunStore

_EXAMPLES = 2_000  # train examples on which the damage of a deletion is measured


@dataclasses.dataclass(frozen=True, eq=False)
class StartingPoint:
    """What a run starts from.

    Attributes:
      spec: Its architecture.
      train: How it is trained.
      variables: Its variables before the first step; ``None`` where they are drawn.
      removed: Blocks of the dense net that are gone, as ``"stage1/block02"``.
    """

    spec: Spec
    train: TrainConfig
    variables: nets.Variables | None = None
    removed: tuple[str, ...] = ()


def prune_trained(
    config: StudyConfig, dataset: Dataset, dense: RunStore, run: RunStore
) -> StartingPoint:
    """Returns what a run starts from, given the finished run of its dense twin.

    Args:
      config: Of the variant.
      dataset: What it learns.
      dense: The run of the dense twin with the same seed.
      run: The run itself; where it was interrupted, it goes on with what it had.
    """
    info, earlier, own = dense.read_info(), run.read_info(), config.prune
    assert info is not None, dense.folder
    whole = spec = ArchSpec.from_json(info.arch)
    with contextlib.closing(run.open_checkpoints()) as checkpoints:
        if earlier and checkpoints.all_steps():
            left = ArchSpec.from_json(earlier.arch)
            own_train = pruning.training(whole, left, config, dataset)
            return StartingPoint(left, own_train, removed=earlier.removed)
    variables, removed = _trained(dense), tuple[str, ...]()
    if own.blocks:
        probe_input = probes.ProbeInput(nets.Network(spec), variables, dataset, examples=_EXAMPLES)
        removed = prune.least_damaging(spec, probes.deletion_damage(probe_input), own.blocks)
        spec, variables = surgery.remove_blocks(spec, variables, removed)
    if pruner := pruning.channel_pruner(spec, own):
        key = jax.random.key(info.seed)
        keep = prune.choose_channels(pruner, variables["params"], own.channels, key=key)
        spec, variables = prune.shrink(spec, variables, keep)
    start = variables if own.control == "none" else None
    return StartingPoint(spec, pruning.training(whole, spec, config, dataset), start, removed)


def _trained(run: RunStore) -> nets.Variables:
    """Returns the variables of the last checkpoint of a run, as NumPy arrays."""
    with contextlib.closing(run.open_checkpoints()) as checkpoints:
        return jax.device_get(checkpoints.variables(max(checkpoints.all_steps())))
