"""Choices in Optuna's form: of an ordered gene the place of the value, as neighbors are alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution

from depthstudy.search.space import Gene, Genome, Space


def parameters(space: Space, genome: Genome) -> dict[str, Any]:
    """Returns a choice as Optuna keeps it."""
    by_name = {gene.name: gene for gene in space.genes}
    return {
        name: by_name[name].values.index(value) if by_name[name].is_ordered else value
        for name, value in genome
    }


def genome(space: Space, parameters: Mapping[str, Any]) -> Genome:
    """Returns the choice that Optuna keeps as ``parameters``."""
    return tuple(
        (gene.name, gene.values[parameters[gene.name]] if gene.is_ordered
         else parameters[gene.name])
        for gene in space.genes
    )  # fmt: skip


def distributions(space: Space) -> dict[str, BaseDistribution]:
    """Returns what Optuna draws each gene from."""
    return {gene.name: _distribution(gene) for gene in space.genes}


def _distribution(gene: Gene) -> BaseDistribution:
    """Returns what Optuna draws: the place of an ordered value, or the value itself."""
    if gene.is_ordered:
        return IntDistribution(0, len(gene.values) - 1)
    return CategoricalDistribution(cast(Any, gene.values))
