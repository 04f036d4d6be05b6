"""Names that earlier versions used, so that their configs, commands and tables go on to work."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

FORMER_NAMES: Mapping[str, str] = {
    # Probes, mechanisms and parts of a loss.
    "generalisation": "generalization",
    "memorisation": "memorization",
    "optimisation": "optimization",
    # Metrics, and columns of tables.
    "free_share": "redundant_block_fraction",
    "memorised_share": "memorized_share",
    "generalisation_part": "generalization_part",
    "optimisation_part": "optimization_part",
}


def present_name(name: str) -> str:
    """Returns the name that a probe, metric or mechanism has now, also of a metric of a probe.

    >>> present_name("deletion.free_share"), present_name("gradients")
    ('deletion.redundant_block_fraction', 'gradients')
    """
    return ".".join(FORMER_NAMES.get(part, part) for part in name.split("."))


def present_names(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a study's config, as plain values, in which probes and mechanisms have present names.

    What is not as a config should be is left for its check to find.
    """
    config = dict(raw)
    for field, rename in (
        ("probes", _present),
        ("hypotheses", lambda row: _with_present(row, "metric")),
        ("treatments", lambda row: _with_present(row, "mechanism")),
    ):
        if isinstance(config.get(field), list | tuple):
            config[field] = tuple(map(rename, config[field]))
    return config


def _present(name: Any) -> Any:
    return present_name(name) if isinstance(name, str) else name


def _with_present(row: Any, field: str) -> Any:
    if dataclasses.is_dataclass(row) and not isinstance(row, type):
        return dataclasses.replace(row, **{field: _present(getattr(row, field))})
    if isinstance(row, Mapping) and field in row:
        return {**row, field: _present(row[field])}
    return row
