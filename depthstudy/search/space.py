"""What a search may choose: genes with their values, and the settings that a choice means.

A space is a value, as an architecture is: it is drawn from, a choice is mutated into another, and
both survive JSON. Every choice means settings of ``config.model``, which the rest of the package
trains as it does those of any study. Several choices may mean the same net, where a gene has no
effect (Elsken et al. 2019, arXiv 1808.05377, survey spaces).
"""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

import numpy as np

from depthstudy.arch.families.staged import EXPANDED, GATED, STAGE_KINDS, Stage
from depthstudy.arch.rounding import divisible
from depthstudy.config import SearchConfig, Settings, Value
from depthstudy.errors import InputError

Genome = tuple[tuple[str, Value], ...]  # the name of each gene, and the value that was chosen

_DIVISOR = 4  # of the channels of free stages


@dataclasses.dataclass(frozen=True)
class Gene:
    """A choice between some values."""

    name: str
    values: tuple[Value, ...]

    def __post_init__(self) -> None:
        """Refuses what leaves no choice, or the same one twice."""
        if not self.values:
            raise InputError(f"config.search gives {self.name} no values")
        if len(set(map(repr, self.values))) < len(self.values):
            raise InputError(f"config.search gives {self.name} a value twice: {self.values}")

    @property
    def is_ordered(self) -> bool:
        """Whether the values are rising numbers, so that neighbors are alike."""
        numbers = [v for v in self.values if isinstance(v, int | float) and type(v) is not bool]
        return len(numbers) == len(self.values) > 2 and numbers == sorted(numbers)


@dataclasses.dataclass(frozen=True)
class Space:
    """Genes whose values stand for themselves: each is a dotted field of the config.

    >>> space = Space((Gene("model.depth", (8, 14, 20)), Gene("model.residual", (True, False))))
    >>> space.size
    6
    >>> space.settings(space.sample(np.random.default_rng(0)))
    (('model.depth', 20), ('model.residual', False))
    """

    genes: tuple[Gene, ...]

    @property
    def size(self) -> int:
        """How many choices there are."""
        return math.prod(len(gene.values) for gene in self.genes)

    def settings(self, genome: Genome) -> Settings:
        """Returns the fields of the config that a choice sets."""
        return genome

    def sample(self, draw: np.random.Generator) -> Genome:
        """Returns a choice at random: each gene by itself, all its values alike."""
        return tuple((g.name, g.values[int(draw.integers(len(g.values)))]) for g in self.genes)

    def mutate(self, genome: Genome, draw: np.random.Generator) -> Genome:
        """Returns a choice that differs in one gene, in an ordered one by a step."""
        open_genes = [gene for gene in self.genes if len(gene.values) > 1]
        gene = open_genes[int(draw.integers(len(open_genes)))]
        place = gene.values.index(dict(genome)[gene.name])
        steps = (place - 1, place + 1) if gene.is_ordered else range(len(gene.values))
        others = [step for step in steps if 0 <= step < len(gene.values) and step != place]
        chosen = gene.values[others[int(draw.integers(len(others)))]]
        return tuple((name, chosen if name == gene.name else x) for name, x in genome)

    def within(self, depth: tuple[int, int]) -> Space:
        """Returns the space without values that no net of such a depth can have."""
        return self

    def check(self, genome: Genome) -> Genome:
        """Returns a choice that was read from elsewhere, its genes in order.

        Raises:
          InputError: A gene is missing or unknown, or has no such value.
        """
        given = dict(genome)
        for gene in self.genes:
            if gene.name not in given or given[gene.name] not in gene.values:
                raise InputError(
                    f"no {gene.name} of {given.get(gene.name)!r}; allowed: {gene.values}"
                )
        if unknown := set(given) - {gene.name for gene in self.genes}:
            raise InputError(f"the space has no gene {', '.join(sorted(unknown))}")
        return tuple((gene.name, given[gene.name]) for gene in self.genes)

    def to_json(self) -> str:
        """Returns the space as JSON, one line."""
        return json.dumps({"space": type(self).__name__, **dataclasses.asdict(self)})


@dataclasses.dataclass(frozen=True)
class StageSpace(Space):
    """Free stages, each of which halves the image but the first.

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
        own = {name: given[f"stage{number}.{name}"] for name in _OF_STAGE}
        kind = own["kind"]
        return Stage(
            kind=kind,
            count=own["count"],
            filters=divisible(own["width"] * self.width * 2 ** (number - 1), _DIVISOR),
            kernel=own["kernel"],
            stride=1 if number == 1 else 2,
            expansion=own["expansion"] if kind in EXPANDED else 1,
            squeeze=own["squeeze"] if kind in GATED else 0,
            residual=own["residual"],
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


def from_config(search: SearchConfig) -> Space:
    """Returns the space of a config: ranges of fields, or free stages.

    Raises:
      InputError: It names both or neither, or a field that is none of ``config.model``.
    """
    if bool(search.ranges) == bool(search.stages):
        raise InputError("config.search needs either ranges of fields of model, or stages")
    if search.stages:
        return StageSpace.of(search)
    for field, _ in search.ranges:
        if not field.startswith("model."):
            raise InputError(f"config.search.ranges: {field} is no field of config.model")
    return Space(tuple(Gene(field, values) for field, values in search.ranges))


def from_json(text: str) -> Space:
    """Returns the space that ``to_json`` wrote.

    Raises:
      ValueError: The text is JSON of none.
    """
    try:
        plain = json.loads(text)
        genes = tuple(Gene(g["name"], tuple(g["values"])) for g in plain["genes"])
        if plain["space"] == StageSpace.__name__:
            return StageSpace(genes, plain["width"])
        return Space(genes)
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a space: {error}") from error
