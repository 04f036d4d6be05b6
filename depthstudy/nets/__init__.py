"""Flax modules that interpret an architecture value, and weights from elsewhere."""

from depthstudy.nets.convolution.native import in_words as convolutions
from depthstudy.nets.fold import fold
from depthstudy.nets.network import Network, Variables, init, outputs
from depthstudy.nets.torch.files import read_weights
from depthstudy.nets.torch.load import count_classes, load_torch

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
