"""What the pages read: the tables of a study, of an analysis, and what was measured of a net."""

from depthstudy.report.tables.analysis import Analysis, read_analysis
from depthstudy.report.tables.nets import MeasuredNet
from depthstudy.report.tables.picks import (
    Divergence,
    copies,
    curve,
    deepens_parts,
    depth_series,
    divergences,
    error_estimate,
    groups,
    has_depths,
    has_treatments,
    label,
    mean,
    shown,
    spread,
    thumbnail,
    untreated_groups,
    untreated_series,
    waiting_share,
    whole_nets,
)
from depthstudy.report.tables.study import Study, read_study

__all__ = [
    "Analysis",
    "Divergence",
    "MeasuredNet",
    "Study",
    "copies",
    "curve",
    "deepens_parts",
    "depth_series",
    "divergences",
    "error_estimate",
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
    "untreated_series",
    "waiting_share",
    "whole_nets",
]
