"""Treatments: every variant once more, with a change on top that aims at one mechanism alone."""

from depthstudy.plan.treatments.relative import fields
from depthstudy.plan.treatments.treat import check, treat

__all__ = ["check", "fields", "treat"]
