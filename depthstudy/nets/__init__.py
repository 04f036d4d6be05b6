"""Flax modules that interpret an architecture value, and weights from elsewhere."""

from depthstudy.nets.fold import fold
from depthstudy.nets.native import in_words as convolutions
from depthstudy.nets.network import Network, Variables, init, outputs
from depthstudy.nets.torch_import import count_classes, load_torch
from depthstudy.nets.weights import read_weights

__all__ = [
    "Network",
    "Variables",
    "convolutions",
    "count_classes",
    "fold",
    "init",
    "load_torch",
    "outputs",
    "read_weights",
]
