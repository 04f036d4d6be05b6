"""Loads trained nets, and measures them, or weights from elsewhere, with probes."""

from depthstudy.analysis.load import TrainedNet, load_run
from depthstudy.analysis.runs import analyze
from depthstudy.analysis.weights import (
    Pictures,
    analyze_weights,
    parse_numbers,
    parse_options,
)

__all__ = [
    "Pictures",
    "TrainedNet",
    "analyze",
    "analyze_weights",
    "load_run",
    "parse_numbers",
    "parse_options",
]
