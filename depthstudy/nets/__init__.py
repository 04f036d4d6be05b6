"""Flax modules that interpret an architecture value, and weights from elsewhere."""

from depthstudy.nets.fold import fold
from depthstudy.nets.network import Network, Variables, init, outputs
from depthstudy.nets.torch_import import load_torch
from depthstudy.nets.weights import read_weights

__all__ = ["Network", "Variables", "fold", "init", "load_torch", "outputs", "read_weights"]
