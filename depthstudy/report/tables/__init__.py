"""What the pages read: the tables of a study, of an analysis, and what was measured of a net."""

from depthstudy.report.tables.analysis import Analysis, read_analysis
from depthstudy.report.tables.nets import MeasuredNet
from depthstudy.report.tables.study import (
    Divergence,
    Study,
    copies,
    curve,
    divergences,
    groups,
    has_depths,
    has_treatments,
    label,
    mean,
    read_study,
    shown,
    spread,
    thumbnail,
    untreated_groups,
    waiting_share,
    whole_nets,
)

__all__ = [
    "Analysis",
    "Divergence",
    "MeasuredNet",
    "Study",
    "copies",
    "curve",
    "divergences",
    "groups",
    "has_depths",
    "has_treatments",
    "label",
    "mean",
    "read_analysis",
    "read_study",
    "shown",
    "spread",
    "thumbnail",
    "untreated_groups",
    "waiting_share",
    "whole_nets",
]
