"""Flax modules that interpret an architecture value."""

from depthstudy.nets.network import Network, Variables, init, outputs

__all__ = ["Network", "Variables", "init", "outputs"]
