"""What lets a deep net train, as options that ``build`` offers for every family."""

from __future__ import annotations

import dataclasses

from depthstudy.arch.blocks import kind_of
from depthstudy.arch.layer_types import Conv, SqueezeExcite
from depthstudy.arch.literals import Branches, InitKind
from depthstudy.arch.lowering import sections
from depthstudy.arch.repvgg import BRANCHED_SIDE
from depthstudy.arch.spec import ArchSpec
from depthstudy.arch.transforms.scaling import check_multiplier
from depthstudy.errors import InputError


def with_training_aids(
    spec: ArchSpec,
    *,
    init: InitKind = "he",
    init_scale: float = 1.0,
    skip_init: bool = False,
    branches: Branches = "single",
) -> ArchSpec:
    """Returns the value with other ways to be trained.

    Args:
      spec: Any architecture.
      init: As in ``ArchSpec``.
      init_scale: As in ``ArchSpec``.
      skip_init: As in ``ArchSpec``.
      branches: As in ``ArchSpec``; with ``"repvgg"`` the family's name ends in ``_repvgg``.

    Raises:
      InputError: The scale is not above 0, or the net has no place for the option.
    """
    check_multiplier(init_scale, "init_scale")
    if init == "looks_linear":
        _check_halves(spec, branches)
    if skip_init and not any(s.shortcut is not None and s.join == "add" for s in sections(spec)):
        raise InputError(f"skip_init needs shortcuts that are added, {spec.family} has none")
    if branches == "repvgg":
        _check_repvgg(spec)
        spec = dataclasses.replace(spec, family=f"{spec.family}_repvgg")
    return dataclasses.replace(
        spec, init=init, init_scale=float(init_scale), skip_init=skip_init, branches=branches
    )


def _check_halves(spec: ArchSpec, branches: Branches) -> None:
    """Refuses nets whose channels are no mirrored halves, with which a net looks linear."""
    layers = [layer for section in sections(spec) for layer in section.branch]
    convs = [layer for layer in layers if isinstance(layer, Conv)]
    problems = {
        "no shortcuts": _has_shortcuts(spec),
        "no groups": any(conv.groups > 1 for conv in convs),
        "no gates": any(isinstance(layer, SqueezeExcite) for layer in layers),
        "an even number of filters": any(conv.filters % 2 for conv in convs),
        "no hidden dense layers": bool(spec.head.hidden),
        "branches 'single'": branches != "single",
    }
    _refuse("init 'looks_linear'", spec, problems)


def _check_repvgg(spec: ArchSpec) -> None:
    blocks = [block for stage in spec.stages for block in stage]
    problems = {
        "no shortcuts": _has_shortcuts(spec),
        "normalization by the batch": spec.stem.norm != "batch",
        "padding 'torch'": spec.padding != "torch",
        "blocks of 3x3 convolutions": not all(
            kind_of(b.kind).takes_repvgg and b.kernel == BRANCHED_SIDE for b in blocks
        ),
        "no groups": any(block.groups > 1 for block in blocks),
    }
    _refuse("branches 'repvgg'", spec, problems)


def _has_shortcuts(spec: ArchSpec) -> bool:
    return any(section.shortcut is not None for section in sections(spec))


def _refuse(option: str, spec: ArchSpec, problems: dict[str, bool]) -> None:
    for needed, missing in problems.items():
        if missing:
            raise InputError(f"{option} needs {needed}, which this {spec.family} has not")
