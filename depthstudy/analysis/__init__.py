"""Measures trained nets, or weights from elsewhere, with probes."""

from depthstudy.analysis.runs import analyze
from depthstudy.analysis.weights import (
    Pictures,
    analyze_weights,
    parse_numbers,
    parse_options,
)

__all__ = ["Pictures", "analyze", "analyze_weights", "parse_numbers", "parse_options"]
