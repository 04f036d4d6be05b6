"""Convolutions: one Flax module, and the methods that compute it on each platform.

README.md in this folder says why each method is there.
"""

from depthstudy.nets.convolution.geometry import Geometry
from depthstudy.nets.convolution.module import Conv, convolve

__all__ = ["Conv", "Geometry", "convolve"]
