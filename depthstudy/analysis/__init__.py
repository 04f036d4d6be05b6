"""Measures trained nets, or weights from elsewhere, with probes."""

from depthstudy.analysis.runs import analyze
from depthstudy.analysis.weights import analyze_weights, parse_options

__all__ = ["analyze", "analyze_weights", "parse_options"]
