"""Which blocks of a net are equal, so that one loop can go through them: by their layers alone."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Sequence

from depthstudy.arch import layer_types as words
from depthstudy.arch.section import Section
from depthstudy.arch.windows import output_size

_SIDE = 64  # of an image; what keeps it keeps every size

Sections = tuple[Section, ...]


def split(sections: Iterable[Section]) -> Iterator[Sections]:
    """Yields sections in their order: equal blocks together, and every other one by itself.

    They are together where what they get has the same shape as what they give out. The first may
    get other channels, and then is by itself, unless they pass it in an identity. Blocks that draw
    at random are not together: each draws by its own name.
    """
    for _, group in itertools.groupby(sections, key=nameless):
        equal = tuple(group)
        if not _goes_on(equal[0]):
            yield from ((section,) for section in equal)
        elif len(equal) == 1 or _is_identity(equal[0]):
            yield equal
        else:
            yield equal[:1]
            yield equal[1:]


def joint_name(names: Sequence[str]) -> str:
    """Returns the name of the stacked variables of blocks.

    >>> joint_name(["block02", "block03", "block04"])
    'block02-block04'
    """
    return f"{names[0]}-{names[-1]}"


def is_joint(name: str) -> bool:
    """Returns whether this is the name of the stacked variables of several blocks."""
    return "-" in name


def nameless(section: Section) -> Section:
    """Returns the section without its path: equal blocks have equal ones."""
    return dataclasses.replace(section, path=())


def _goes_on(section: Section) -> bool:
    """Whether a block like it can follow it in a loop."""
    if len(section.path) == 1 or section.join != "add" or section.is_stochastic:
        return False
    return _keeps_size((*section.before, *section.branch, *section.after))


def _is_identity(section: Section) -> bool:
    """Whether its shortcut is, so that it gets as many channels as it gives out."""
    keeps_channels = all(
        isinstance(layer, words.Norm | words.Activation) for layer in section.before
    )
    return section.shortcut == () and keeps_channels


def _keeps_size(layers: words.Layers) -> bool:
    for layer in layers:
        match layer:
            case words.Conv():
                kept = _is_side(layer.kernel, layer.stride, layer)
            case words.MaxPool() | words.AveragePool():
                kept = _is_side(layer.window, layer.stride, layer)
            case words.Parallel():
                kept = all(map(_keeps_size, layer.paths))
            case words.ZeroPad() | words.GlobalMean() | words.AdaptiveMean() | words.Dense():
                kept = False
            case _:
                kept = True
        if not kept:
            return False
    return True


def _is_side(
    window: int, stride: int, layer: words.Conv | words.MaxPool | words.AveragePool
) -> bool:
    return output_size(_SIDE, window, stride, layer.padding) == _SIDE
