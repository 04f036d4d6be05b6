"""Which net a file of weights is of, from the names and shapes in it alone.

Published members of the families are tried, and the ResNets and DenseNets for CIFAR of the depth
and width that the names tell. A file cannot tell what has no parameters: see ``caveats``.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from depthstudy import arch
from depthstudy.arch import ArchSpec
from depthstudy.errors import InputError
from depthstudy.nets.torch.expectation import Expectation
from depthstudy.nets.torch.load import count_classes
from depthstudy.nets.torch.names import STYLES, style_of, torch_names
from depthstudy.nets.torch.settings import as_written

Options = dict[str, Any]
State = Mapping[str, np.ndarray]

_RESNETS = (18, 34, 50, 101, 152)
_LAYOUTS = ("imagenet", "small")
_WIDTHS = (1.0, 0.25, 0.35, 0.5, 0.75, 1.1, 1.25, 1.4)


def _each(**values: tuple[Any, ...]) -> list[Options]:
    """Returns every combination of options."""
    combined = itertools.product(*values.values())
    return [dict(zip(values, combination, strict=True)) for combination in combined]


_PUBLISHED: Mapping[str, list[Options]] = {
    "resnet": [
        *_each(depth=(*_RESNETS, 200), layout=_LAYOUTS),
        *_each(depth=(50,), norm=("group",)),
    ],
    "resnet_d": _each(depth=(*_RESNETS, 200)),
    "resnext": [
        {"depth": depth, "groups": groups, "width_per_group": width}
        for depth, groups, width in ((50, 32, 4), (101, 32, 4), (101, 32, 8), (101, 64, 4))
    ],
    "se_resnet": _each(depth=_RESNETS),
    "wide_resnet": _each(depth=(50, 101), layout=("imagenet",)),
    "vgg": _each(depth=(11, 13, 16, 19), norm=("batch", "none")),
    "mobilenet_v2": _each(width_multiplier=_WIDTHS),
    "mobilenet_v3": _each(variant=("large", "small"), width_multiplier=(1.0, 0.75, 0.5)),
    "shufflenet_v2": _each(width_multiplier=(0.5, 1.0, 1.5, 2.0)),
    "efficientnet": _each(variant=tuple(f"b{i}" for i in range(8))),
    "efficientnet_lite": _each(variant=tuple(f"lite{i}" for i in range(5))),
    "efficientnet_v2": _each(variant=("s", "m", "l")),
    "convnext": _each(
        variant=("atto", "femto", "pico", "nano", "tiny", "small", "base", "large", "xlarge")
    ),
    "densenet": _each(depth=(121, 161, 169, 201, 264)),
    "regnet": [
        {"variant": f"{kind}_{size}"}
        for kind in "xy"
        for size in ("400mf", "800mf", "1.6gf", "3.2gf", "8gf", "16gf", "32gf")
    ],
}


@dataclasses.dataclass(frozen=True)
class Recognized:
    """A net that a file of weights fits.

    Attributes:
      family: A key of ``arch.FAMILIES``.
      options: What it is built with, those left out that have their defaults.
      style: Whose names the file has, a key of ``names.STYLES``.
      spec: The net itself, with the file's number of classes.
    """

    family: str
    options: Mapping[str, Any]
    style: str
    spec: ArchSpec

    @property
    def label(self) -> str:
        """Family and options, as on a command line."""
        return ", ".join([self.family, *(f"{name}={x}" for name, x in self.options.items())])


def recognize(state: State, family: str | None = None) -> Iterator[Recognized]:
    """Yields the nets whose names and shapes are exactly those of a file of weights.

    Args:
      state: Arrays by name.
      family: The only family to try; ``None`` tries all.
    """
    style = style_of(state)
    for name in STYLES[style]:
        if family in (None, name):
            for options in (*_PUBLISHED.get(name, ()), *_for_cifar(name, state)):
                spec = _fitting(name, options, style, state)
                if spec is not None:
                    yield Recognized(name, _short(name, options), style, spec)


def _fitting(family: str, options: Options, style: str, state: State) -> ArchSpec | None:
    spec = arch.build(family, **options)
    weighted = {name for name in state if not name.endswith(".bias")}
    try:
        layers = set(torch_names(spec, style).values())
        if not len(layers) - 1 <= len(weighted) <= 3 * len(layers):
            return None
        classes = count_classes(spec, state)
        spec = dataclasses.replace(spec, head=dataclasses.replace(spec.head, num_classes=classes))
        Expectation.of(spec, state).check()
    except InputError:
        return None
    return as_written(spec, style, options)


def _short(family: str, options: Options) -> Options:
    """Returns options without those that are the family's defaults."""
    usual = arch.build(family, **{**options}).to_json()
    short = dict(options)
    for name in options:
        fewer = {other: x for other, x in short.items() if other != name}
        try:
            if name != "variant" and arch.build(family, **fewer).to_json() == usual:
                short = fewer
        except InputError:
            continue  # an option that the family needs
    return short


def _for_cifar(family: str, state: State) -> Iterator[Options]:
    """Yields what a ResNet or DenseNet of three stages would be, by its number of blocks."""
    if family == "resnet" and "layer4.0.conv1.weight" not in state:
        count = _count(state, r"layer1\.(\d+)\.conv1\.weight", 0)
        width = _filters(state.get("conv1.weight"))
        if count and width and "layer1.0.conv3.weight" not in state:
            has_convs = any("downsample" in name or "shortcut" in name for name in state)
            yield {
                "depth": 6 * count + 2,
                "layout": "cifar",
                "width": width,
                "shortcut": "B" if has_convs else "A",
            }
    if family == "densenet" and "features.denseblock4.denselayer1.conv1.weight" not in state:
        count = _count(state, r"features\.denseblock1\.denselayer(\d+)\.conv2\.weight", 1)
        rate = _filters(state.get("features.denseblock1.denselayer1.conv2.weight"))
        if count and rate:
            yield {"depth": 6 * count + 4, "layout": "cifar", "growth_rate": rate}


def _filters(weight: np.ndarray | None) -> int:
    """Returns how many filters the weight of a convolution has; none where it cannot be one."""
    return len(weight) if weight is not None and weight.ndim and weight.size else 0


def _count(state: State, pattern: str, first: int) -> int:
    """Returns how many blocks there are whose names match, numbered from ``first`` on.

    There are none where a number is left out: a name alone could ask for millions.
    """
    matches = (re.fullmatch(pattern, name) for name in state)
    numbers = {match[1] for match in matches if match}
    count = len(numbers)
    return count if numbers == {str(first + i) for i in range(count)} else 0
