"""The layers of a net that have parameters, as those that name them go through them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from depthstudy.arch import ArchSpec, lowering
from depthstudy.arch.layer_types import Conv, Layer, Section, SqueezeExcite

Path = tuple[str, ...]
Names = Iterator[tuple[Path, str]]  # paths of layers, and their names in a file
Namer = Callable[[ArchSpec], Names]


def paths(spec: ArchSpec) -> Iterator[Path]:
    """Yields the paths of all layers with parameters."""
    for section in lowering.sections(spec):
        for layer in layers_of(section):
            if isinstance(layer, SqueezeExcite):
                for part in (layer.reduce, layer.expand):
                    yield (*section.path, layer.name, part.name)
            elif hasattr(layer, "name"):
                yield (*section.path, layer.name)


def layers_of(section: Section) -> tuple[Layer, ...]:
    """Returns all layers of a section."""
    return (*section.before, *section.branch, *(section.shortcut or ()))


def blocks(spec: ArchSpec) -> list[Section]:
    """Returns the sections that are blocks."""
    return [section for section in lowering.sections(spec) if len(section.path) == 2]


def numbers(path: Path) -> tuple[int, int]:
    """Returns the numbers of stage and block, both counted from 1."""
    return int(path[0].removeprefix("stage")), int(path[1].removeprefix("block"))


def block_paths(section: Section) -> Iterator[Path]:
    """Yields the paths inside a block of its layers with parameters, as ``("conv1",)``."""
    for layer in layers_of(section):
        if isinstance(layer, SqueezeExcite):
            yield (layer.name, layer.reduce.name)
            yield (layer.name, layer.expand.name)
        elif hasattr(layer, "name"):
            yield (layer.name,)


def convs(section: Section) -> list[Conv]:
    """Returns the convolutions of a block's branch, those of gates left out."""
    return [layer for layer in section.branch if isinstance(layer, Conv)]
