"""What a search may choose: genes with their values, and the settings that a choice means.

A space is a value, as an architecture is. Every choice means settings of ``config.model``, which
the rest of the package trains as it does those of any study. Several choices may mean the same net,
where a gene has no effect (Elsken et al. 2019, arXiv 1808.05377, survey spaces).
"""

from __future__ import annotations

from depthstudy.config import SearchConfig, require_field
from depthstudy.errors import InputError
from depthstudy.search.space.genes import Gene, Genome, Space
from depthstudy.search.space.stages import StageSpace


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
        require_field(field)
    return Space(tuple(Gene(field, values) for field, values in search.ranges))


__all__ = ["Gene", "Genome", "Space", "StageSpace", "from_config"]
