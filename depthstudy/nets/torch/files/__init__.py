"""Files of weights, read as data: their formats, and the state dict in what they hold."""

from depthstudy.nets.torch.files.read import read_weights

__all__ = ["read_weights"]
