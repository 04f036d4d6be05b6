"""The sections of the page of a study, in their order; a new one is a file and a line of this list.

Each is a function of a study that returns the section, or ``None`` where it has nothing to show.
"""

from collections.abc import Callable

from depthstudy.report.blocks import Section
from depthstudy.report.sections import data, detections, errors, provenance, search
from depthstudy.report.sections.answer import first_screen, recommendation
from depthstudy.report.sections.causes import attribution, decomposition
from depthstudy.report.sections.costs import costs, error_against_cost, gains
from depthstudy.report.sections.layers import layers
from depthstudy.report.sections.mistakes import classes
from depthstudy.report.sections.pruning import pruning
from depthstudy.report.sections.training import curves as training
from depthstudy.report.sections.training import recipe
from depthstudy.report.sections.verdicts import verdicts
from depthstudy.report.tables import Study

STUDY_SECTIONS: tuple[Callable[[Study], Section | None], ...] = (
    first_screen.section,
    verdicts.section,
    recommendation.section,
    search.section,
    errors.section,
    detections.section,
    classes.section,
    error_against_cost.section,
    training.section,
    recipe.section,
    decomposition.section,
    attribution.section,
    pruning.section,
    layers.section,
    gains.section,
    costs.section,
    data.section,
    provenance.section,
)

__all__ = ["STUDY_SECTIONS"]
