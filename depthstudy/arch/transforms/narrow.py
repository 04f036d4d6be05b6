"""The architecture that is left when units of channels are taken out."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from depthstudy.arch.blocks import kind_of
from depthstudy.arch.channels import ChannelGroup, Place, channel_groups
from depthstudy.arch.layer_types import Parallel
from depthstudy.arch.lowering import block_sections, sections
from depthstudy.arch.spec import ArchSpec, HeadSpec, StemSpec
from depthstudy.errors import InputError

Keep = Mapping[str, Sequence[bool]]  # by name of a group, which of its units stay


def remaining(groups: Sequence[ChannelGroup], keep: Keep) -> dict[Place, tuple[int, ...]]:
    """Returns the indices of the channels that stay, for every place where some go.

    Args:
      groups: All groups of an architecture.
      keep: Which units stay; a group that is not named stays whole.

    Raises:
      InputError: There is no such group, it has another number of units, or none would stay.
    """
    named = {group.name: group for group in groups}
    gone: dict[Place, set[int]] = {}
    for name, units in keep.items():
        _check(named, name, units)
        group = named[name]
        for stays, indices in zip(units, group.units, strict=True):
            if not stays:
                for place, channels in zip(group.places, indices, strict=True):
                    gone.setdefault(place, set()).update(channels)
    return {
        place: tuple(i for i in range(place.channels) if i not in without)
        for place, without in gone.items()
    }


def narrow(spec: ArchSpec, keep: Keep) -> ArchSpec:
    """Returns the architecture without the units of channels that do not stay.

    Which blocks have a shortcut, and of which kind, does not change with the channels.

    >>> from depthstudy import arch
    >>> net = arch.build("plain", depth=8, layout="cifar")
    >>> half = [True] * 8 + [False] * 8
    >>> narrow(net, {"stage1/block01/conv1": half}).stages[0][0].inner
    8

    Args:
      spec: The architecture.
      keep: By name of a group of ``channel_groups(spec)``, which of its units stay.

    Raises:
      InputError: As ``remaining``; or branches would get an identity at their side that they have
        not, as it is there wherever a convolution's input and output are equal in shape.
    """
    left = remaining(channel_groups(spec), keep)
    counts = {place.path: len(indices) for place, indices in left.items() if place.side == "out"}
    outputs: dict[tuple[str, ...], dict[str, int]] = {}  # by path of a block, by name of a layer
    for path, channels in counts.items():
        outputs.setdefault(path[:2], {})["/".join(path[2:])] = channels
    stem = _narrowed_stem(spec.stem, counts)
    before, after = spec.stem.filters, stem.filters
    paths = (section.path for section in block_sections(spec))
    stages = []
    for stage in spec.stages:
        narrowed = []
        for block in stage:
            kind = kind_of(block.kind)
            changed = kind.narrowed(block, outputs.get(next(paths), {}))
            outputs_before, outputs_after = (
                kind.outputs(block, before),
                kind.outputs(changed, after),
            )
            fitted, fits = (outputs_before == before), (outputs_after == after)
            narrowed.append(kind.with_projection(changed) if fits and not fitted else changed)
            before, after = outputs_before, outputs_after
        stages.append(tuple(narrowed))
    head = _narrowed_head(spec.head, counts)
    smaller = dataclasses.replace(spec, stem=stem, stages=tuple(stages), head=head)
    if spec.branches == "repvgg" and _path_counts(smaller) != _path_counts(spec):
        raise InputError(
            f"{spec.family} would get an identity where channels become equal; fold it first, or "
            "keep other numbers of channels"
        )
    return smaller


def _check(named: Mapping[str, ChannelGroup], name: str, units: Sequence[bool]) -> None:
    if name not in named:
        raise InputError(f"no group of channels {name!r}; allowed: {', '.join(named)}")
    if len(units) != len(named[name].units):
        raise InputError(f"group {name} has {len(named[name].units)} units, not {len(units)}")
    if not any(units):
        raise InputError(f"group {name} would lose its last channel")


def _path_counts(spec: ArchSpec) -> list[int]:
    """Returns how many parallel paths there are, in the order of the net."""
    layers = (layer for section in sections(spec) for layer in section.branch)
    return [len(layer.paths) for layer in layers if isinstance(layer, Parallel)]


def _narrowed_stem(stem: StemSpec, counts: Mapping[tuple[str, ...], int]) -> StemSpec:
    inner = tuple(
        counts.get(("stem", f"conv{i}"), filters) for i, filters in enumerate(stem.inner, 1)
    )
    filters = counts.get(("stem", "conv"), stem.filters)
    return dataclasses.replace(stem, filters=filters, inner=inner)


def _narrowed_head(head: HeadSpec, counts: Mapping[tuple[str, ...], int]) -> HeadSpec:
    hidden = tuple(
        counts.get(("head", f"hidden{i}"), features) for i, features in enumerate(head.hidden, 1)
    )
    return dataclasses.replace(
        head, filters=counts.get(("head", "conv"), head.filters), hidden=hidden
    )
