"""A space of free stages: in each a kind of block, their number, channels, kernel and shortcuts."""

from __future__ import annotations

import dataclasses
from typing import Any

from depthstudy.arch.families.staged import EXPANDED, GATED, STAGE_KINDS, Stage
from depthstudy.arch.rounding import divisible
from depthstudy.config import SearchConfig, Settings, Value
from depthstudy.errors import InputError
from depthstudy.search.space.genes import Gene, Genome, Space

_DIVISOR = 4  # of the channels


@dataclasses.dataclass(frozen=True)
class StageSpace(Space):
    """Free stages, each of which halves the image but the first.

    >>> import numpy as np
    >>> space = StageSpace.of(SearchConfig(stages=2))
    >>> f"{space.size:,}"
    '671,846,400'
    >>> dict(space.settings(space.sample(np.random.default_rng(1))))["model.stages"]
    'preact_basic_r7_k7_c24_noskip separable_r3_k7_s2_c24_noskip'

    Attributes:
      width: Channels of the stem and, at factor 1, of the first stage; it doubles with each stage.
    """

    width: int

    @classmethod
    def of(cls, search: SearchConfig) -> StageSpace:
        """Returns the space of the free stages of a config."""
        for kind in search.kinds:
            if kind not in STAGE_KINDS:
                raise InputError(
                    f"config.search.kinds: no stage of kind {kind!r}; "
                    f"allowed: {', '.join(STAGE_KINDS)}"
                )
        choices: dict[str, tuple[Value, ...]] = {
            "kind": search.kinds,
            "count": search.counts,
            "width": search.widths,
            "kernel": search.kernels,
            "expansion": search.expansions,
            "squeeze": search.squeezes,
            "residual": search.shortcuts,
        }
        genes = tuple(
            Gene(f"stage{number}.{name}", values)
            for number in range(1, search.stages + 1)
            for name, values in choices.items()
        )
        return cls(genes, search.width)

    @property
    def stages(self) -> int:
        """How many stages a net has."""
        return sum(gene.name.endswith(".kind") for gene in self.genes)

    def within(self, depth: tuple[int, int]) -> StageSpace:
        """Returns the space without counts of blocks that no net of such a depth can have.

        >>> StageSpace.of(SearchConfig(stages=2)).within((4, 9)).genes[1].values
        (1, 2)
        """
        counts = {n: self._counts(n) for n in self._numbers}
        layers = {n: self._layers(n) for n in self._numbers}
        fewest = {n: layers[n][0] * min(counts[n]) for n in self._numbers}
        most = {n: layers[n][1] * max(counts[n]) for n in self._numbers}
        kept = {}
        for n in self._numbers:
            others = _ENDS + sum(fewest.values()) - fewest[n]
            above = _ENDS + sum(most.values()) - most[n]
            kept[f"stage{n}.count"] = tuple(
                count
                for count in counts[n]
                if others + count * layers[n][0] <= depth[1]
                and above + count * layers[n][1] >= depth[0]
            )
            if not kept[f"stage{n}.count"]:
                raise InputError(
                    f"config.search.strata: {self.stages} stages have no net of depth "
                    f"{depth[0]} to {depth[1]}"
                )
        genes = tuple(Gene(gene.name, kept.get(gene.name, gene.values)) for gene in self.genes)
        return StageSpace(genes, self.width)

    @property
    def _numbers(self) -> range:
        return range(1, self.stages + 1)

    def _counts(self, number: int) -> tuple[int, ...]:
        values = next(g.values for g in self.genes if g.name == f"stage{number}.count")
        return tuple(value for value in values if isinstance(value, int))

    def _layers(self, number: int) -> tuple[int, int]:
        """Returns the least and the most weight layers that a block of a stage may have."""
        kinds = next(gene.values for gene in self.genes if gene.name == f"stage{number}.kind")
        layers = [count for kind in kinds for count in _LAYERS[str(kind)]]
        return min(layers), max(layers)

    def settings(self, genome: Genome) -> Settings:
        """Returns the stages that a choice means, without genes that the kind has no use for."""
        given = dict(genome)
        words = " ".join(self._stage(given, n).to_text() for n in self._numbers)
        return (
            ("model.family", "staged"),
            ("model.width", self.width),
            ("model.stages", words),
        )

    def _stage(self, given: dict[str, Any], number: int) -> Stage:
        genes = {name: given[f"stage{number}.{name}"] for name in _OF_STAGE}
        kind = genes["kind"]
        return Stage(
            kind=kind,
            count=genes["count"],
            filters=divisible(genes["width"] * self.width * 2 ** (number - 1), _DIVISOR),
            kernel=genes["kernel"],
            stride=1 if number == 1 else 2,
            expansion=genes["expansion"] if kind in EXPANDED else 1,
            squeeze=genes["squeeze"] if kind in GATED else 0,
            residual=genes["residual"],
        )


_ENDS = 2  # weight layers of stem and classifier
_LAYERS = {  # weight layers of a block, where it may have more or fewer
    "basic": (2,),
    "preact_basic": (2,),
    "bottleneck": (3,),
    "preact_bottleneck": (3,),
    "inverted": (2, 3),
    "separable": (2,),
    "conv": (1,),
}
_OF_STAGE = ("kind", "count", "width", "kernel", "expansion", "squeeze", "residual")
