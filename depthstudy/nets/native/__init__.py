"""Convolutions on the CPU by oneDNN, called from XLA: an optional extension, built by ``build``.

Without it every net gives the same numbers, slower.
"""

from depthstudy.nets.native.library import available, in_words, serves
from depthstudy.nets.native.op import Geometry, convolve

__all__ = ["Geometry", "available", "convolve", "in_words", "serves"]
