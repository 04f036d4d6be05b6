"""The sections of the page of an analysis, in their order; a new one is a file and a line here.

Each is a function of an analysis that returns the section, or ``None`` where it has nothing to
show.
"""

from collections.abc import Callable

from depthstudy.report.analysis import (
    deletion,
    findings,
    gradients,
    layers,
    numbers,
    predictions,
    provenance,
    receptive_field,
    similarity,
)
from depthstudy.report.blocks import Section
from depthstudy.report.tables import Analysis

ANALYSIS_SECTIONS: tuple[Callable[[Analysis], Section | None], ...] = (
    predictions.section,
    findings.section,
    gradients.section,
    similarity.section,
    deletion.section,
    layers.section,
    receptive_field.section,
    numbers.section,
    provenance.section,
)

__all__ = ["ANALYSIS_SECTIONS"]
