"""Convolutions on the CPU by oneDNN, called from XLA: an optional extension, built by ``build``.

Without it every net gives the same numbers, slower.
"""

from depthstudy.nets.convolution.native.library import available, backend_name, supports

__all__ = ["available", "backend_name", "supports"]
