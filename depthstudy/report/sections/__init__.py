"""The sections of the page of a study, in their order; a new one is a file and a line of this list.

Each is a function of a study that returns the section, or ``None`` where it has nothing to show.
"""

from collections.abc import Callable

from depthstudy.report.blocks import Section
from depthstudy.report.sections import (
    attribution,
    costs,
    decomposition,
    error_against_cost,
    errors,
    gains,
    layers,
    provenance,
    pruning,
    recipe,
    recommendation,
    search,
    training,
    verdicts,
)
from depthstudy.report.tables import Study

STUDY_SECTIONS: tuple[Callable[[Study], Section | None], ...] = (
    verdicts.section,
    recommendation.section,
    search.section,
    errors.section,
    error_against_cost.section,
    training.section,
    recipe.section,
    decomposition.section,
    attribution.section,
    pruning.section,
    layers.section,
    gains.section,
    costs.section,
    provenance.section,
)
