"""Error that a net gains when residual blocks are taken out or change places.

Veit et al. 2016 (arXiv 1605.06431): a residual net is much like an ensemble of shallower ones, so
that taking a block out costs little. A block that costs nothing is one that depth bought in vain:
``redundant_block_fraction`` is the share of the blocks with identity shortcuts each of which, taken
out alone, adds less than a point of error. Errors are of the test split, in eval mode.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from depthstudy.arch import ArchSpec, DetectorSpec
from depthstudy.nets import surgery
from depthstudy.probes.blocks import cells
from depthstudy.probes.blocks.block_order import kendall_tau, swappable, swapped
from depthstudy.probes.blocks.bound_net import BoundNet, errors, reestimate, without
from depthstudy.probes.measurement import Measurement, Sample
from depthstudy.probes.probe_input import NotApplicable, Probe, ProbeInput
from depthstudy.probes.samples import of_column
from depthstudy.records import NOT_APPLICABLE, Metric

REDUNDANT = 0.01  # error below which a block that adds it to the net by going can go
_MANY = 0.5  # share of redundant blocks from which on a net stands out
_DRAWS = 3  # random choices of the blocks for each number of them


class Trial(NamedTuple):
    """A changed net; errors are averaged over the trials with the same layer and metric."""

    layer: str
    metric: str
    variant: BoundNet


def redundant_block_fraction(increases: Sequence[float]) -> float:
    """Returns the share of blocks whose deletion adds less than a point of error.

    >>> redundant_block_fraction([0.002, 0.3, -0.001, 0.02])
    0.5
    """
    return float(np.mean(np.less(increases, REDUNDANT)))


def _measure(probe_input: ProbeInput, *, reestimated: bool) -> Iterator[Measurement]:
    probe_input.require_finite()  # of another no block changes an answer
    detector = probe_input.network.spec
    if isinstance(detector, DetectorSpec) and not reestimated:
        yield from cells.measure(probe_input, detector)
        return
    spec, variables = probe_input.spec, probe_input.variables
    removable = surgery.removable(spec)
    if not removable:
        raise NotApplicable("no block has an identity shortcut, so none can be taken out")
    if reestimated and not variables.get("batch_stats"):
        raise NotApplicable("the net has no batch statistics")
    for path in surgery.blocks(spec):
        if path not in removable:
            yield Measurement(path, f"{NOT_APPLICABLE}its shortcut is not the identity", 1.0)
    whole = BoundNet(probe_input.network, variables)
    single = [Trial(path, "error_increase", without(spec, whole, [path])) for path in removable]
    random = np.random.default_rng(probe_input.seed)
    several = random_deletions(spec, whole, random)
    moved, taus = _swaps(spec, whole, random)
    yield from taus
    yield from _increases(probe_input, [*single, *several, *moved], reestimated)


def random_deletions(spec: ArchSpec, whole: BoundNet, random: np.random.Generator) -> list[Trial]:
    """Returns nets without 2, 4, 8, ... blocks, each number with several random choices."""
    removable = surgery.removable(spec)
    trials = []
    for count in _doubling(2, len(removable)):
        for _ in range(_DRAWS):
            chosen = random.choice(removable, count, replace=False).tolist()
            smaller = without(spec, whole, chosen)
            trials.append(Trial("", f"error_increase_deleting_{count}", smaller))
    return trials


def _swaps(
    spec: ArchSpec, whole: BoundNet, random: np.random.Generator
) -> tuple[list[Trial], list[Measurement]]:
    pairs, before = swappable(spec), surgery.order(spec)
    trials, taus = [], []
    for count in _doubling(1, min(len(pairs), len(surgery.removable(spec)))):
        draws = []
        for _ in range(_DRAWS):
            after = swapped(before, [pairs[i] for i in random.choice(len(pairs), count, False)])
            _, changed = surgery.rearrange(spec, whole.variables, after)
            variant = BoundNet(whole.network, changed)
            trials.append(Trial("", f"error_increase_swapping_{count}", variant))
            draws.append(kendall_tau(before, after))
        taus.append(Measurement("", f"kendall_tau_swapping_{count}", float(np.mean(draws))))
    return trials, taus


def _increases(
    probe_input: ProbeInput, trials: Sequence[Trial], reestimated: bool
) -> Iterator[Measurement]:
    whole = BoundNet(probe_input.network, probe_input.variables)
    variants = [whole, *(trial.variant for trial in trials)]
    if reestimated:
        variants = [reestimate(probe_input, variant) for variant in variants]
    wrong = errors(probe_input, variants)
    yield Measurement("", "error", float(wrong[:, 0].mean()), of_column((wrong,), 0))
    columns: dict[tuple[str, str], list[Float64[np.ndarray, " n"]]] = {}
    for trial, after in zip(trials, wrong.T[1:], strict=True):
        columns.setdefault((trial.layer, trial.metric), []).append(after - wrong[:, 0])
    groups = (np.stack([np.mean(added, axis=0) for added in columns.values()], axis=1),)
    means = groups[0].mean(axis=0)
    for column, (layer, metric) in enumerate(columns):
        yield Measurement(layer, metric, float(means[column]), of_column(groups, column))
    single = [column for column, (layer, _) in enumerate(columns) if layer]
    yield Measurement(
        "",
        "redundant_block_fraction",
        redundant_block_fraction(means[single].tolist()),
        Sample(groups, lambda means: np.mean(means < REDUNDANT, axis=1), tuple(single)),
    )


def _doubling(first: int, last: int) -> list[int]:
    return [first << i for i in range(last.bit_length()) if first << i <= last]


_METRICS = (
    Metric(
        name="error",
        title="Test error with all blocks in place",
        unit="fraction",
        better="lower",
        description="share of new images that the whole net gets wrong",
    ),
    Metric(
        name="error_increase",
        title="Test error added by taking out one block",
        unit="points",
        per_layer=True,
        threshold=REDUNDANT,
        side="below",
        beyond="the block is redundant",
        description="what the block is worth: error that its loss adds, with nothing trained again",
    ),
    Metric(
        name="redundant_block_fraction",
        title="Redundant blocks",
        unit="fraction",
        better="lower",
        threshold=_MANY,
        beyond="half of the removable blocks or more are redundant",
        description="share of removable blocks each of which, taken out alone, adds less than a "
        "point of error",
    ),
    Metric(
        name="error_increase_deleting_*",
        title="Test error added by taking out * blocks at once",
        unit="points",
        description="mean over random choices of the blocks",
    ),
    Metric(
        name="error_increase_swapping_*",
        title="Test error added by swapping * pairs of blocks",
        unit="points",
        description="mean over random choices of equal blocks of a stage",
    ),
    Metric(
        name="kendall_tau_swapping_*",
        title="Kendall’s tau after * swaps",
        description="rank correlation of the order of the blocks with the trained one",
    ),
)
DELETION = Probe(
    title="What a block is worth",
    description=(
        "test error added by taking out each residual block, several at random, or by swapping"
        " blocks (Veit 2016)"
    ),
    measure=functools.partial(_measure, reestimated=False),
    metrics=_METRICS,
    labels=True,
    logits=2,
    images=20,
)
DELETION_REESTIMATED = Probe(
    title="What a block is worth, batch statistics taken anew",
    description="the same as deletion, with batch statistics estimated anew after each change",
    measure=functools.partial(_measure, reestimated=True),
    metrics=_METRICS,
    labels=True,
    logits=2,
    images=20,
)
