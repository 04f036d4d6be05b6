"""A detector as a frozen, hashable value that survives JSON."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, Literal

from depthstudy.arch.bounds import check_least
from depthstudy.arch.literals import ActivationKind, Padding
from depthstudy.arch.spec import ArchSpec
from depthstudy.errors import InputError, NothingToChangeError

Fusion = Literal["fast", "sum"]

_ASPECTS = ((1.0, 1.0), (1.4, 0.7), (0.7, 1.4))


@dataclasses.dataclass(frozen=True, kw_only=True)
class PyramidSpec:
    """Cells that mix features of several resolutions, from fine to coarse and back (BiFPN).

    Level ``l`` has a pixel for each ``2**l`` times ``2**l`` pixels of the image.

    Attributes:
      channels: Channels of every level.
      cells: How many cells follow each other.
      min_level: Finest level.
      max_level: Coarsest level. Levels that the backbone has not are pooled from its coarsest.
      fusion: How a node adds its inputs: ``"fast"`` with trained weights of at least 0 that are
        divided by their sum, ``"sum"`` as they are.
      residual: Whether the inputs of every cell but the first are added to its outputs.
    """

    channels: int
    cells: int
    min_level: int = 3
    max_level: int = 7
    fusion: Fusion = "fast"
    residual: bool = False

    def __post_init__(self) -> None:
        """Refuses what is no pyramid."""
        check_least("a pyramid", self, channels=1, cells=1)
        if not 0 <= self.min_level < self.max_level:
            raise InputError(
                f"a pyramid needs two levels or more, from 0 on; they are {self.min_level} to"
                f" {self.max_level}"
            )
        if self.residual and self.cells == 1:
            raise NothingToChangeError(
                "residual_pyramid needs two cells or more: the first has no shortcut"
            )

    @property
    def levels(self) -> tuple[int, ...]:
        """The levels, from fine to coarse."""
        return tuple(range(self.min_level, self.max_level + 1))


@dataclasses.dataclass(frozen=True, kw_only=True)
class DetectionHeadSpec:
    """Two towers of convolutions that all levels share: one for classes, one for boxes.

    Attributes:
      num_classes: Classes of objects; the background is none.
      repeats: Convolutions of each tower before the predicting one.
      anchor_scale: Side of the smallest square anchor over the stride of its level.
      octaves: Sizes of anchors at each level; their logarithms are at equal distances.
      aspects: Factors of width and height of an anchor.
    """

    num_classes: int
    repeats: int = 3
    anchor_scale: float = 4.0
    octaves: int = 3
    aspects: tuple[tuple[float, float], ...] = _ASPECTS

    def __post_init__(self) -> None:
        """Refuses what are no heads."""
        check_least("detection", self, num_classes=1, octaves=1, repeats=0)
        if not self.anchor_scale > 0 or not self.aspects:
            raise InputError(
                f"detection needs anchor_scale above 0 (not {self.anchor_scale}) and an aspect"
            )

    @property
    def anchors(self) -> int:
        """Anchors at each pixel of a level."""
        return self.octaves * len(self.aspects)


@dataclasses.dataclass(frozen=True, kw_only=True)
class DetectorSpec:
    """A detector: what sees, what mixes resolutions, and what says which object is where.

    >>> from depthstudy import arch
    >>> d0 = arch.build("efficientdet", variant="d0", num_classes=90)
    >>> arch.cost(d0, (512, 512, 3)).parameters
    3880067
    >>> arch.spec_from_json(d0.to_json()) == d0
    True

    Attributes:
      family: Name of the family that it is a member of.
      backbone: An architecture, tapped at its last block of each stride; its head is not read.
      pyramid: What mixes the features of different resolutions.
      heads: What predicts classes and boxes.
      activation: Activation in pyramid and heads.
      norm_epsilon: What their normalizations add to the variance.
      biased: Whether their convolutions have a bias even where a normalization follows.
      resolution: Side of the images that it is made for; nothing in the net depends on it.
    """

    family: str
    backbone: ArchSpec
    pyramid: PyramidSpec
    heads: DetectionHeadSpec
    activation: ActivationKind = "silu"
    norm_epsilon: float = 1e-3
    biased: bool = True
    resolution: int | None = None

    def __post_init__(self) -> None:
        """Refuses a backbone that lacks the finest level, or has layers that nothing reads."""
        check_least("a detector", self, norm_epsilon=0, resolution=1)
        levels, blocks = tapped_levels(self.backbone), self.backbone.stages
        wanted = self.pyramid.levels
        if wanted[0] not in levels:
            raise InputError(
                f"this {self.backbone.family} has no blocks at level {wanted[0]} (stride"
                f" {2 ** wanted[0]}) to tap; it has the levels {', '.join(map(str, levels))}"
            )
        if max(levels) > wanted[-1]:
            raise InputError(
                f"{sum(map(len, blocks))} blocks of this {self.backbone.family} reach level"
                f" {max(levels)}, and the pyramid ends at {wanted[-1]}: leave out the last stages"
            )

    @property
    def padding(self) -> Padding:
        """Padding of all convolutions, as in ``ArchSpec``."""
        return self.backbone.padding

    @property
    def norm_momentum(self) -> float:
        """Share of the running statistics that a step keeps, throughout."""
        return self.backbone.norm_momentum

    @property
    def deterministic(self) -> DetectorSpec:
        """The same detector with the same parameters, but drawing nothing in training."""
        return dataclasses.replace(self, backbone=self.backbone.deterministic)

    @property
    def is_stochastic(self) -> bool:
        """Whether training draws at random: its backbone has dropout or stochastic depth."""
        head = dataclasses.replace(self.backbone.head, dropout=0.0)
        return dataclasses.replace(self.backbone, head=head).is_stochastic

    def to_json(self) -> str:
        """Returns the value as JSON, one line."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> DetectorSpec:
        """Returns the value that ``to_json`` wrote.

        Raises:
          ValueError: The text is not JSON of a detector.
        """
        try:
            return _from_plain(json.loads(text))
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a detector: {error}") from error


def tapped_levels(backbone: ArchSpec) -> dict[int, int]:
    """Returns, by level, the stage after which a backbone has its last block of that stride.

    >>> from depthstudy import arch
    >>> tapped_levels(arch.build("efficientnet", variant="b0"))
    {1: 1, 2: 2, 3: 3, 4: 5, 5: 7}

    Raises:
      InputError: A stride changes within a stage, or by another factor than two.
    """
    level = backbone.stem.halvings
    stage_by_level: dict[int, int] = {}
    for number, stage in enumerate(backbone.stages, start=1):
        for place, block in enumerate(stage):
            if block.stride > 2 or (block.stride == 2 and place):
                raise InputError(
                    f"{backbone.family} is no backbone of a detector: stage {number} has a block"
                    f" of stride {block.stride} at place {place + 1}"
                )
            level += block.stride == 2
        stage_by_level[level] = number
    return stage_by_level


def _from_plain(value: dict[str, Any]) -> DetectorSpec:
    heads = value["heads"]
    aspects = tuple((float(wide), float(high)) for wide, high in heads["aspects"])
    parts = {
        "backbone": ArchSpec.from_json(json.dumps(value["backbone"])),
        "pyramid": PyramidSpec(**value["pyramid"]),
        "heads": DetectionHeadSpec(**{**heads, "aspects": aspects}),
    }
    return DetectorSpec(**{**value, **parts})
