"""Flax modules that interpret an architecture value, and weights from elsewhere."""

from depthstudy.nets.build import build, cost, init, outputs
from depthstudy.nets.convolution.native import backend_name as convolutions
from depthstudy.nets.detection.outputs import DetectorOutputs
from depthstudy.nets.fold import fold
from depthstudy.nets.interface import Net, Variables
from depthstudy.nets.network import Network
from depthstudy.nets.stacked import stack, stacked_axes, unstack
from depthstudy.nets.torch.expectation import check_torch
from depthstudy.nets.torch.files import read_weights
from depthstudy.nets.torch.load import count_classes, load_torch
from depthstudy.nets.torch.names import KERAS, style_of
from depthstudy.nets.torch.recognize import recognize
from depthstudy.nets.torch.save import save_torch
from depthstudy.nets.torch.settings import as_written, caveats

__all__ = [
    "KERAS",
    "DetectorOutputs",
    "Net",
    "Network",
    "Variables",
    "as_written",
    "build",
    "caveats",
    "check_torch",
    "convolutions",
    "cost",
    "count_classes",
    "fold",
    "init",
    "load_torch",
    "outputs",
    "read_weights",
    "recognize",
    "save_torch",
    "stack",
    "stacked_axes",
    "style_of",
    "unstack",
]
