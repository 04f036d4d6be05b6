"""What a kind of block answers: its layers, the fields that it reads, how its width changes.

Most kinds are a sequence of convolutions beside a shortcut: they state ``reads`` and ``steps``.
"""

from __future__ import annotations

import abc
import dataclasses
import typing
from collections.abc import Mapping
from typing import ClassVar

from depthstudy.arch.block_spec import BlockSpec
from depthstudy.arch.blocks.steps import Step, norm_layers, sequence
from depthstudy.arch.layer_types import Activation, AveragePool, Conv, Layers, ZeroPad
from depthstudy.arch.literals import Shortcut
from depthstudy.arch.rounding import whole_groups
from depthstudy.arch.section import Section
from depthstudy.errors import InputError

# Fields of ``BlockSpec`` that most kinds read, and those of a gate.
_SHAPE = frozenset({"kind", "filters", "stride", "kernel"})
COMMON = _SHAPE | {"norm", "activation", "dropout", "residual", "shortcut"}
INSIDE_GATE = frozenset({"squeeze_activation", "squeeze_gate"})
GATE = INSIDE_GATE | {"squeeze"}


class BlockKind(abc.ABC):
    """A kind of block.

    Attributes:
      reads: Fields of ``BlockSpec`` that change what the block is.
      shortcuts: Values of ``BlockSpec.shortcut`` that it knows.
      activates_sum: Whether an activation follows the sum of branch and shortcut.
      takes_repvgg: Whether its normalization directly follows each convolution and none is
        depthwise, as the branches of ``arch.repvgg`` need.
    """

    reads: ClassVar[frozenset[str]]
    shortcuts: ClassVar[tuple[Shortcut, ...]] = typing.get_args(Shortcut)
    activates_sum: ClassVar[bool] = False
    takes_repvgg: ClassVar[bool] = False

    @abc.abstractmethod
    def steps(self, block: BlockSpec, channels: int) -> tuple[Step, ...]:
        """Returns the convolutions of the branch, for ``channels`` channels of input."""

    def section(
        self, block: BlockSpec, channels: int, path: tuple[str, ...], branch_end: Layers
    ) -> Section:
        """Returns the layers of a block.

        Args:
          block: A block of this kind.
          channels: Its input channels.
          path: Where its parameters are.
          branch_end: Layers that end a branch if it is added to a shortcut.
        """
        shortcut = self.shortcut(block, channels)
        return Section(
            path,
            branch=self.branch(block, channels) + (() if shortcut is None else branch_end),
            shortcut=shortcut,
            after=(Activation(block.activation),) if self.activates_sum else (),
        )

    def branch(self, block: BlockSpec, channels: int) -> Layers:
        """Returns the layers of the branch."""
        return sequence(self.steps(block, channels), block)

    def shortcut(self, block: BlockSpec, channels: int) -> Layers | None:
        """Returns the layers of the shortcut: ``()`` is the identity, ``None`` is no shortcut."""
        if not block.residual:
            return None
        if passes_unchanged(block, channels):
            return ()
        if block.shortcut == "identity":
            return None
        if block.shortcut == "A":
            return (ZeroPad(block.filters, block.stride),)
        return self.projection(block)

    def projection(self, block: BlockSpec) -> Layers:
        """Returns the layers of the shortcuts ``"B"``, ``"C"`` and ``"D"``."""
        return (*shortcut_conv(block), *norm_layers("shortcut_norm", block.norm))

    def fields_read(self, squeeze: int) -> frozenset[str]:
        """Returns the fields that a block with ``squeeze`` channels inside its gate reads."""
        return self.reads if squeeze else self.reads - INSIDE_GATE

    def check(self, block: BlockSpec) -> None:
        """Refuses a block with a value in a field that its kind does not read.

        Raises:
          InputError: There is such a field, a shortcut that the kind does not know, or no ``inner``
            where it needs one.
        """
        reads = self.fields_read(block.squeeze)
        for field in dataclasses.fields(block):
            value = getattr(block, field.name)
            if field.name not in reads and value != field.default:
                needs = " without squeeze" if field.name in self.reads else ""
                allowed = ", ".join(f.name for f in dataclasses.fields(block) if f.name in reads)
                raise InputError(
                    f"a block of kind {block.kind!r} does not read {field.name}={value!r}{needs}; "
                    f"it reads: {allowed}"
                )
        if "shortcut" in reads and block.shortcut not in self.shortcuts:
            raise InputError(
                f"a block of kind {block.kind!r} has no shortcut {block.shortcut!r}; allowed: "
                f"{', '.join(self.shortcuts)}"
            )
        if "inner" in reads and block.inner < 1:
            raise InputError(
                f"a block of kind {block.kind!r} needs inner of at least 1, it is {block.inner}"
            )

    def narrowed(self, block: BlockSpec, outputs: Mapping[str, int]) -> BlockSpec:
        """Returns the block with fewer channels.

        Args:
          block: A block of this kind.
          outputs: By name of a layer, as ``"conv1"``, how many output channels are left; ``""`` is
            the block itself. What is not named stays.
        """
        layers = {"filters": "", "inner": "conv1", "squeeze": "squeeze_excite/conv1"}
        changes = {
            field: outputs[layer]
            for field, layer in layers.items()
            if field in self.reads and layer in outputs
        }
        return dataclasses.replace(block, **changes)  # type: ignore[arg-type]

    def with_projection(self, block: BlockSpec) -> BlockSpec:
        """Returns the block with its shortcut where input and output came to be equal in shape.

        Narrowing changes channels, but not which blocks have a shortcut, and of which sort.
        """
        if block.stride > 1 or not block.residual or block.shortcut == "A":
            return block
        if block.shortcut == "identity":
            return dataclasses.replace(block, residual=False)
        return dataclasses.replace(block, shortcut="C")

    def width_divisor(self, block: BlockSpec) -> int:
        """Returns what the channels of a net with such a block must be multiples of, if scaled."""
        return 8

    def widened(self, block: BlockSpec, filters: int, old: int, new: int) -> BlockSpec:
        """Returns the block for ``new`` instead of ``old`` channels of input.

        Inner channels and those of a gate follow the output.

        Args:
          block: A block of this kind.
          filters: Its new output channels.
          old: Its input channels.
          new: Its new input channels.
        """
        inner = block.inner * filters // block.filters
        squeeze = block.squeeze * filters // block.filters
        return dataclasses.replace(
            block,
            filters=filters,
            inner=whole_groups(inner, block.groups) if block.inner else 0,
            squeeze=max(1, squeeze) if block.squeeze else 0,
        )

    def outputs(self, block: BlockSpec, channels: int) -> int:
        """Returns the output channels of the block, for ``channels`` channels of input."""
        return block.filters

    def repeated(self, block: BlockSpec, channels: int) -> BlockSpec:
        """Returns the block to follow ``block``, which has ``channels`` channels of input."""
        return dataclasses.replace(block, stride=1)


def shortcut_conv(block: BlockSpec) -> Layers:
    """Returns the 1x1 convolution of a shortcut, of averages with ``"D"``."""
    bias, stride = block.norm == "none", block.stride
    if block.shortcut != "D" or stride == 1:
        return (Conv("shortcut_conv", block.filters, 1, stride, bias),)
    # Averages at the border are of fewer pixels, whatever the net's padding is.
    pool = AveragePool(stride, stride, padding="same")
    return pool, Conv("shortcut_conv", block.filters, 1, 1, bias)


def passes_unchanged(block: BlockSpec, channels: int) -> bool:
    """Returns whether the input can be added to the branch as it is."""
    return channels == block.filters and block.stride == 1 and block.shortcut != "C"
