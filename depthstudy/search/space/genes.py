"""A space of choices as a value: genes with their values, and what a choice sets."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np

from depthstudy.config import Settings, Value
from depthstudy.errors import InputError

Genome = tuple[tuple[str, Value], ...]  # the name of each gene, and the value that was chosen


@dataclasses.dataclass(frozen=True)
class Gene:
    """A choice between some values."""

    name: str
    values: tuple[Value, ...]

    def __post_init__(self) -> None:
        """Refuses what leaves no choice, the same one twice, or what Optuna's journal changes."""
        if not self.values:
            raise InputError(f"config.search gives {self.name} no values")
        if rows := [value for value in self.values if isinstance(value, tuple | list)]:
            raise InputError(
                f"config.search gives {self.name} the row {rows[0]}; allowed: numbers, words, "
                "True, False and None"
            )
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
