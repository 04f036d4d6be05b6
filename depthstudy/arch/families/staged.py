"""Nets whose stages are written down one by one, as an architecture search finds them.

A stage is a word, in the manner of the block strings of MnasNet and EfficientNet (Tan et al. 2019,
arXiv 1807.11626): ``inverted_r3_k5_s2_e4_c24_se4`` is three inverted blocks of 24 channels with
5x5 kernels, the first of stride 2, with four times the channels inside and gates of a quarter of
the channels. ``_noskip`` leaves the shortcuts out.
"""

from __future__ import annotations

import dataclasses
import re

from depthstudy.arch.bounds import check_least, whole
from depthstudy.arch.literals import ActivationKind, Norm
from depthstudy.arch.spec import ArchSpec, BlockSpec, HeadSpec, StemSpec
from depthstudy.errors import InputError

GATED = ("basic", "preact_basic", "bottleneck", "preact_bottleneck", "inverted")
EXPANDED = ("bottleneck", "preact_bottleneck", "inverted")
STAGE_KINDS = (*GATED, "separable", "conv")
_PROJECTED = ("basic", "preact_basic", "bottleneck", "preact_bottleneck")  # shortcuts of 1x1
_ENDS_ACTIVATED = ("basic", "bottleneck", "separable", "conv")
_LETTERS = {"r": "count", "k": "kernel", "s": "stride", "e": "expansion", "c": "filters",
            "se": "squeeze"}  # fmt: skip
_DEFAULT = "basic_r3_c16 basic_r3_s2_c32 basic_r3_s2_c64"  # a ResNet-20


@dataclasses.dataclass(frozen=True, kw_only=True)
class Stage:
    """Some blocks of one kind and one resolution.

    >>> Stage(kind="inverted", count=3, filters=24, kernel=5, stride=2, expansion=4).to_text()
    'inverted_r3_k5_s2_e4_c24'

    Attributes:
      kind: One of ``STAGE_KINDS``.
      count: Number of blocks.
      filters: Output channels.
      kernel: Side of the kernels that are not 1x1.
      stride: Stride of the first block.
      expansion: Channels inside an inverted block over those of its input; of a bottleneck, by how
        much fewer than ``filters`` they are. 1 for kinds without.
      squeeze: Channels over those inside the gate of squeeze-and-excitation; 0 is no gate.
      residual: Whether there are shortcuts.

    Raises:
      InputError: There is no such kind, a number is below its least, or the kind ignores it.
    """

    kind: str
    count: int = 1
    filters: int
    kernel: int = 3
    stride: int = 1
    expansion: int = 1
    squeeze: int = 0
    residual: bool = True

    def __post_init__(self) -> None:
        """Refuses what is no stage."""
        if self.kind not in STAGE_KINDS:
            raise InputError(f"no stage of kind {self.kind!r}; allowed: {', '.join(STAGE_KINDS)}")
        check_least("a stage", self, count=1, filters=1, stride=1, expansion=1, squeeze=0)
        if self.kernel % 2 == 0 or self.kernel < 1:
            raise InputError(f"a stage has odd kernels, not {self.kernel}")
        for name, kinds, none in (("expansion", EXPANDED, 1), ("squeeze", GATED, 0)):
            if self.kind not in kinds and getattr(self, name) != none:
                raise InputError(
                    f"a stage of kind {self.kind!r} has no {name}; it is one of {', '.join(kinds)}"
                )

    def to_text(self) -> str:
        """Returns the stage as a word; what is at its default is left out."""
        numbers = {letter: getattr(self, field) for letter, field in _LETTERS.items()}
        none = {"k": 3, "s": 1, "e": 1, "se": 0}
        parts = [f"{letter}{x}" for letter, x in numbers.items() if none.get(letter) != x]
        return "_".join([self.kind, *parts, *([] if self.residual else ["noskip"])])

    @classmethod
    def from_text(cls, text: str) -> Stage:
        """Returns the stage that a word means.

        >>> Stage.from_text("basic_r2_c16_noskip").residual
        False

        Raises:
          InputError: It is no such word.
        """
        pattern = r"([a-z]+(?:_basic|_bottleneck)?)((?:_(?:r|k|s|e|c|se)\d+)*)(_noskip)?"
        match = re.fullmatch(pattern, text)
        if match is None:
            raise InputError(
                f"no stage {text!r}; a stage is as 'inverted_r3_k5_s2_e4_c24_se4' or "
                "'basic_r2_c16_noskip'"
            )
        kind, numbers, noskip = match.groups()
        fields = [
            (_LETTERS[letter], int(number))
            for letter, number in re.findall(r"_([a-z]+)(\d+)", numbers)
        ]
        if len(dict(fields)) < len(fields) or "filters" not in dict(fields):
            raise InputError(f"the stage {text!r} has to name its channels, and each number once")
        return cls(kind=kind, residual=not noskip, **dict(fields))


def staged(
    *,
    stages: str = _DEFAULT,
    width: int = 16,
    norm: Norm = "batch",
    activation: ActivationKind = "relu",
    num_classes: int = 10,
) -> ArchSpec:
    """Returns a 3x3 stem, the stages, and a classifier.

    Args:
      stages: Words with spaces between, one a stage, as ``Stage.to_text`` gives them.
      width: Channels of the stem.
      norm: As in ``BlockSpec``.
      activation: Activation of stem and blocks; gates have their own.
      num_classes: Number of logits.

    Raises:
      InputError: There is no stage, a word is none, or there is no such width.
    """
    read = [Stage.from_text(word) for word in stages.split()]
    if not read:
        raise InputError("family 'staged' needs a stage at least, as 'basic_r1_c16'")
    stem_filters = channels = whole("width", width)
    built = []
    for stage in read:
        blocks = []
        for number in range(stage.count):
            blocks.append(_block(stage, channels, stage.stride if number == 0 else 1))
            channels = stage.filters
        built.append(tuple(blocks))
    return ArchSpec(
        family="staged",
        stem=StemSpec(filters=stem_filters, activation=activation, norm=norm),
        stages=tuple(
            tuple(dataclasses.replace(b, norm=norm, activation=activation) for b in blocks)
            for blocks in built
        ),
        head=HeadSpec(
            num_classes=num_classes,
            activated=read[-1].kind not in _ENDS_ACTIVATED,
            norm=norm,
            activation=activation,
        ),
    )


def _block(stage: Stage, channels: int, stride: int) -> BlockSpec:
    """Returns a block of a stage for so many channels of input."""
    kind, inner = stage.kind, 0
    gated = stage.filters
    if kind in ("basic", "preact_basic"):
        inner = stage.filters
    elif kind in ("bottleneck", "preact_bottleneck"):
        inner = max(1, stage.filters // stage.expansion)
    elif kind == "inverted":
        gated = channels
        kind = "inverted" if stage.expansion > 1 else "linear_separable"
        inner = channels * stage.expansion if stage.expansion > 1 else 0
    return BlockSpec(
        kind=kind,
        filters=stage.filters,
        inner=inner,
        stride=stride,
        kernel=stage.kernel,
        squeeze=max(1, gated // stage.squeeze) if stage.squeeze else 0,
        residual=stage.residual,
        shortcut="B" if stage.kind in _PROJECTED else "identity",
    )
