"""depthstudy: when and why deeper convolutional nets do worse, and what repairs it."""

__version__ = "0.1.0"
