"""What a run starts from: drawn parameters, or what is left of a trained net."""

from __future__ import annotations

import dataclasses

import jax

from depthstudy import nets, probes, prune
from depthstudy.arch import ArchSpec, Spec, spec_from_json
from depthstudy.config import StudyConfig, TrainConfig
from depthstudy.data import Dataset
from depthstudy.nets import surgery
from depthstudy.plan.variants import pruning
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
    info, earlier = dense.read_info(), None
    assert info is not None, dense.folder
    if run.checkpoints.all_steps():
        earlier = run.read_info()
    whole = spec = spec_from_json(info.arch)
    if earlier:
        left = spec_from_json(earlier.arch)
        training = pruning.training(whole, left, config, dataset)
        return StartingPoint(left, training, removed=earlier.removed)
    variables: nets.Variables = dense.checkpoints.variables(max(dense.checkpoints.all_steps()))
    removed: tuple[str, ...] = ()
    if isinstance(spec, ArchSpec):  # of a user's module only weights are pruned
        probe_input = probes.ProbeInput(nets.build(spec), variables, dataset, examples=_EXAMPLES)
        if blocks := config.prune.blocks:
            removed = prune.least_damaging(spec, probes.deletion_damage(probe_input), blocks)
            spec, variables = surgery.remove_blocks(spec, variables, removed)
        if pruner := pruning.channel_pruner(spec, config.prune):
            key, share = jax.random.key(info.seed), config.prune.channels
            keep = prune.choose_channels(pruner, variables["params"], share, key=key)
            spec, variables = prune.shrink(spec, variables, keep)
    start = variables if config.prune.control == "none" else None
    return StartingPoint(spec, pruning.training(whole, spec, config, dataset), start, removed)
