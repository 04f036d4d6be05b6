"""The architecture that is left when units of channels are taken out."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from depthstudy.arch.channels import ChannelGroup, Place, channel_groups
from depthstudy.arch.layer_types import Parallel
from depthstudy.arch.lowering import sections
from depthstudy.arch.spec import ArchSpec, BlockSpec, HeadSpec
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

    Args:
      spec: The architecture.
      keep: By name of a group of ``channel_groups(spec)``, which of its units stay.

    Raises:
      InputError: As ``remaining``; or branches would get an identity at their side that they have
        not, as it is there wherever a convolution's input and output are equal in shape.
    """
    left = remaining(channel_groups(spec), keep)
    counts = {place.path: len(found) for place, found in left.items() if place.side == "out"}
    stem = dataclasses.replace(spec.stem, filters=counts.get(("stem", "conv"), spec.stem.filters))
    before, after = spec.stem.filters, stem.filters
    paths = _block_paths(spec)
    stages = []
    for stage in spec.stages:
        narrowed = []
        for block in stage:
            changed = _narrowed(block, next(paths), counts)
            fits, fitted = (block.filters == before), (changed.filters == after)
            narrowed.append(changed if fits or not fitted else _unlike(changed))
            before, after = block.filters, changed.filters
        stages.append(tuple(narrowed))
    head = _narrowed_head(spec.head, counts)
    found = dataclasses.replace(spec, stem=stem, stages=tuple(stages), head=head)
    if spec.branches == "repvgg" and _path_counts(found) != _path_counts(spec):
        raise InputError(
            f"{spec.family} would get an identity where channels become equal; fold it first, or "
            "keep other numbers of channels"
        )
    return found


def _check(named: Mapping[str, ChannelGroup], name: str, units: Sequence[bool]) -> None:
    if name not in named:
        raise InputError(f"no group of channels {name!r}; allowed: {', '.join(named)}")
    if len(units) != len(named[name].units):
        raise InputError(f"group {name} has {len(named[name].units)} units, not {len(units)}")
    if not any(units):
        raise InputError(f"group {name} would lose its last channel")


def _block_paths(spec: ArchSpec) -> Iterator[tuple[str, ...]]:
    return (section.path for section in sections(spec)[1:-1])


def _path_counts(spec: ArchSpec) -> list[int]:
    """Returns how many parallel paths there are, in the order of the net."""
    layers = (layer for section in sections(spec) for layer in section.branch)
    return [len(layer.paths) for layer in layers if isinstance(layer, Parallel)]


def _narrowed(
    block: BlockSpec, path: tuple[str, ...], counts: Mapping[tuple[str, ...], int]
) -> BlockSpec:
    first, second = counts.get((*path, "conv1")), counts.get((*path, "conv2"))
    squeeze = counts.get((*path, "squeeze_excite", "conv1"), block.squeeze)
    inner, last_inner = block.inner, block.last_inner
    if block.kind.endswith("bottleneck"):
        inner, last_inner = first or inner, second or last_inner or inner
    elif block.kind in ("basic", "preact_basic", "inverted", "shuffle_v1", "shuffle_v2"):
        inner = first or inner
    return dataclasses.replace(
        block,
        filters=counts.get(path, block.filters),
        inner=inner,
        last_inner=None if last_inner == inner else last_inner,
        squeeze=squeeze,
    )


def _unlike(block: BlockSpec) -> BlockSpec:
    """Returns the block with the shortcut that it has where input and output differ in shape."""
    pads = block.shortcut == "A" or block.kind == "shuffle_v1"
    if block.stride > 1 or not block.residual or pads:
        return block
    if block.shortcut == "identity":
        return dataclasses.replace(block, residual=False)
    return dataclasses.replace(block, shortcut="C")


def _narrowed_head(head: HeadSpec, counts: Mapping[tuple[str, ...], int]) -> HeadSpec:
    hidden = tuple(
        counts.get(("head", f"hidden{i}"), features) for i, features in enumerate(head.hidden, 1)
    )
    return dataclasses.replace(
        head, filters=counts.get(("head", "conv"), head.filters), hidden=hidden
    )
