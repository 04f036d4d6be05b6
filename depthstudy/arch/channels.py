"""Which channels of a net belong together, from the value alone.

A channel can only be taken out of a net together with all that is added to it, normalizes it, gates
it or reads it. The net is walked with a number for every channel, and those that must stand or fall
together are united: a sum unites channel by channel, and where a net splits channels into parts,
those at the same place of each part are united, so that the parts stay equal. What is united is a
unit; units at the same places are a group.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import Literal

from depthstudy.arch.layer_types import (
    AdaptiveMean,
    BatchNorm,
    ChannelShuffle,
    Conv,
    Dense,
    GroupNorm,
    LayerNorm,
    Layers,
    LayerScale,
    Norm,
    Parallel,
    SqueezeExcite,
    Take,
    ZeroPad,
)
from depthstudy.arch.lowering import sections
from depthstudy.arch.section import Section
from depthstudy.arch.spec import ArchSpec

Side = Literal["in", "out"]


@dataclasses.dataclass(frozen=True)
class Place:
    """Where channels are.

    Attributes:
      path: Names from the net down to the layer, or the path of a section.
      layer: The layer; ``None`` is the section, whose outputs have no numbers of their own.
      side: Whether they are what the layer reads or what it makes.
      channels: How many channels there are, in groups and out of them.
    """

    path: tuple[str, ...]
    layer: Conv | Norm | LayerScale | Dense | None
    side: Side
    channels: int


@dataclasses.dataclass(frozen=True)
class ChannelGroup:
    """Units of channels that are at the same places.

    Attributes:
      name: Path of the first layer that makes them, as ``"stage1/block01/conv1"``.
      places: Every place where they are, in the order of the net.
      units: For each unit, the indices of its channels at each place. A dense layer reads a channel
        once for each average.
    """

    name: str
    places: tuple[Place, ...]
    units: tuple[tuple[tuple[int, ...], ...], ...]


def channel_groups(spec: ArchSpec) -> tuple[ChannelGroup, ...]:
    """Returns the groups of channels that can be taken out, in the order of the net.

    Channels of the image and logits are in none, nor are units that are alone at their places.

    >>> from depthstudy import arch
    >>> groups = channel_groups(arch.build("plain", depth=8, layout="cifar"))
    >>> [(group.name, len(group.units)) for group in groups][:2]
    [('stem/conv', 16), ('stage1/block01/conv1', 16)]
    """
    walk = _Walk()
    channels: _Channels = ()  # of an image, which nothing can take out
    for section in sections(spec):
        channels = walk.section(section, channels)
    walk.fix(channels)
    return walk.groups()


# A number stands for a channel; ``None`` is one that is always zero.
_Channels = tuple[int | None, ...]


class _Walk:
    """The channels so far, which of them are united, and where they were seen."""

    def __init__(self) -> None:
        self._parents: list[int] = []
        self._fixed: list[int] = []
        self._seen: list[tuple[Place, _Channels]] = []

    def section(self, section: Section, x: _Channels) -> _Channels:
        x = self._layers(section.before, x, section.path)
        y = self._layers(section.branch, x, section.path)
        if section.shortcut is not None:
            short = self._layers(section.shortcut, x, section.path)
            y = short + y if section.join == "concat" else self._sum(short, y)
        y = self._layers(section.after, y, section.path)
        self._see(section.path, None, "out", y)
        return y

    def fix(self, channels: _Channels) -> None:
        """Keeps channels in the net."""
        self._fixed += [channel for channel in channels if channel is not None]

    def groups(self) -> tuple[ChannelGroup, ...]:
        units: dict[int, dict[int, list[int]]] = {}  # by root: indices by number of the place
        for number, (_, channels) in enumerate(self._seen):
            for index, channel in enumerate(channels):
                if channel is not None:
                    places = units.setdefault(self._root(channel), {})
                    places.setdefault(number, []).append(index)
        for channel in self._fixed:
            units.pop(self._root(channel), None)
        together: dict[tuple[int, ...], list[dict[int, list[int]]]] = {}
        for unit in units.values():
            together.setdefault(tuple(unit), []).append(unit)
        return self._named({key: units for key, units in together.items() if len(units) > 1})

    def _named(
        self, together: dict[tuple[int, ...], list[dict[int, list[int]]]]
    ) -> tuple[ChannelGroup, ...]:
        groups: dict[str, ChannelGroup] = {}
        for numbers, units in sorted(together.items()):
            places = tuple(self._seen[number][0] for number in numbers)
            name = "/".join(places[0].path)
            while name in groups:  # other units of the same layer, that go other ways
                name += "+"
            indices = tuple(tuple(map(tuple, unit.values())) for unit in units)
            groups[name] = ChannelGroup(name, places, indices)
        return tuple(groups.values())

    def _layers(self, layers: Layers, x: _Channels, path: tuple[str, ...]) -> _Channels:
        for i, layer in enumerate(layers):
            rest = layers[i + 1 :]
            match layer:
                case Conv():
                    x = self._conv(layer, x, (*path, layer.name), rest)
                case BatchNorm() | GroupNorm() | LayerNorm() | LayerScale():
                    self._see((*path, layer.name), layer, "out", x)
                case SqueezeExcite():
                    self._gate(layer, x, (*path, layer.name))
                case Parallel():
                    first, *others = (self._layers(parallel, x, path) for parallel in layer.paths)
                    x = functools.reduce(self._sum, others, first)
                case ZeroPad():
                    x = x + (None,) * (layer.filters - len(x))
                case Take():
                    size = layer.stop - layer.start
                    self._split(x, size)
                    x = x[layer.start : layer.stop]
                case ChannelShuffle():
                    x = self._shuffle(layer, x, rest)
                case AdaptiveMean():
                    x = x * layer.side**2
                case Dense():
                    self._see((*path, layer.name), layer, "in", x)
                    x = self._fresh(layer.features)
                    self._see((*path, layer.name), layer, "out", x)
        return x

    def _conv(self, layer: Conv, x: _Channels, path: tuple[str, ...], rest: Layers) -> _Channels:
        if len(x) == layer.filters == layer.groups > 1:  # depthwise
            self._see(path, layer, "out", x)
            return x
        self._see(path, layer, "in", x)
        self._split(x, len(x) // layer.groups)
        y = self._fresh(layer.filters)
        self._see(path, layer, "out", y)
        if not any(isinstance(later, ChannelShuffle) for later in rest):
            self._split(y, len(y) // layer.groups)
        return y

    def _gate(self, layer: SqueezeExcite, x: _Channels, path: tuple[str, ...]) -> None:
        inside = self._fresh(layer.reduce.filters)
        for conv, before, after in ((layer.reduce, x, inside), (layer.expand, inside, x)):
            self._see((*path, conv.name), conv, "in", before)
            self._see((*path, conv.name), conv, "out", after)

    def _shuffle(self, layer: ChannelShuffle, x: _Channels, rest: Layers) -> _Channels:
        """Deals the channels out.

        A grouped convolution that follows reads, in each of its parts, about as many channels of
        each part before: the n-th of each are a unit, and what is over stays.
        """
        size = len(x) // layer.groups
        dealt = tuple(x[k * size + i] for i in range(size) for k in range(layer.groups))
        if not any(isinstance(later, Conv) for later in rest):
            self._split(x, size)
            return dealt
        rounds = size // layer.groups
        for j, channel in enumerate(dealt):
            number = j % size // layer.groups
            if number < rounds:
                self._unite(channel, dealt[number * layer.groups])
            else:
                self.fix((channel,))
        return dealt

    def _split(self, x: _Channels, size: int) -> None:
        """Unites the channels at the same place of each part of ``size``."""
        if size == 0 or len(x) % size:
            self.fix(x)
            return
        for i, channel in enumerate(x):
            self._unite(channel, x[i % size])

    def _sum(self, x: _Channels, y: _Channels) -> _Channels:
        for a, b in zip(x, y, strict=True):
            self._unite(a, b)
        return tuple(b if a is None else a for a, b in zip(x, y, strict=True))

    def _fresh(self, count: int) -> _Channels:
        start = len(self._parents)
        self._parents += range(start, start + count)
        return tuple(range(start, start + count))

    def _unite(self, a: int | None, b: int | None) -> None:
        if a is not None and b is not None:
            a, b = sorted((self._root(a), self._root(b)))
            self._parents[b] = a

    def _root(self, channel: int) -> int:
        while self._parents[channel] != channel:
            self._parents[channel] = self._parents[self._parents[channel]]
            channel = self._parents[channel]
        return channel

    def _see(
        self, path: tuple[str, ...], layer: Conv | Norm | LayerScale | Dense | None, side: Side,
        channels: _Channels,
    ) -> None:  # fmt: skip
        self._seen.append((Place(path, layer, side, len(channels)), channels))
