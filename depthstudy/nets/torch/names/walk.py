"""The layers of a net that have parameters, as those that name them go through them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from depthstudy.arch import ArchSpec, lowering
from depthstudy.arch.layer_types import Conv, SqueezeExcite
from depthstudy.arch.section import Section

Path = tuple[str, ...]
Names = Iterator[tuple[Path, str]]  # paths of layers, and their names in a file
Namer = Callable[[ArchSpec], Names]


def paths(spec: ArchSpec) -> Iterator[Path]:
    """Yields the paths of all layers with parameters."""
    for section in lowering.sections(spec):
        yield from section_paths(section)


def section_paths(section: Section) -> Iterator[Path]:
    """Yields the paths of a section's layers with parameters."""
    for layer in (*section.before, *section.branch, *(section.shortcut or ())):
        if isinstance(layer, SqueezeExcite):
            for part in (layer.reduce, layer.expand):
                yield (*section.path, layer.name, part.name)
        elif hasattr(layer, "name"):
            yield (*section.path, layer.name)


def numbers(path: Path) -> tuple[int, int]:
    """Returns the numbers of stage and block, both counted from 1."""
    return int(path[0].removeprefix("stage")), int(path[1].removeprefix("block"))


def convs(section: Section) -> list[Conv]:
    """Returns the convolutions of a block's branch, those of gates left out."""
    return [layer for layer in section.branch if isinstance(layer, Conv)]


def mobile_block(
    section: Section,
    prefix: str,
    words: Sequence[str],
    norms: Sequence[str],
    gate: Sequence[str] = (),
) -> Names:
    """Yields the names of a block's convolutions, of their normalizations and of its gate.

    Args:
      section: The block.
      prefix: Beginning of all its names.
      words: Ends of the names of the convolutions. A block with fewer has the last of them: one
        that does not expand begins with the depthwise one.
      norms: Ends of the names of their normalizations.
      gate: Ends of the names of the gate's two convolutions.
    """
    conv_names = [layer.name for layer in convs(section)]
    last = slice(-len(conv_names), None)
    for conv, word, norm in zip(conv_names, words[last], norms[last], strict=True):
        yield (*section.path, conv), f"{prefix}{word}"
        yield (*section.path, conv.replace("conv", "norm")), f"{prefix}{norm}"
    for layer in section.branch:
        if isinstance(layer, SqueezeExcite):
            for part, word in zip((layer.reduce, layer.expand), gate, strict=True):
                yield (*section.path, layer.name, part.name), f"{prefix}{word}"
