"""The formats that nets are exported to: what writes each, and what runs it again."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np

from depthstudy.deploy.export import onnx, safetensors, stablehlo
from depthstudy.deploy.net import TrainedNet

Run = Callable[[np.ndarray], np.ndarray]  # images [B, H, W, C] in gray levels to logits [B, K]


@dataclasses.dataclass(frozen=True)
class Format:
    """A format of files.

    Attributes:
      suffix: Of its files.
      encode: Returns the content of the file of a net.
      decode: Returns what the content computes, by the means that its users have.
      use: Returns how one runs the file, in a line or two.
    """

    suffix: str
    encode: Callable[[TrainedNet], bytes]
    decode: Callable[[bytes, TrainedNet], Run]
    use: Callable[[TrainedNet], str]


FORMATS: Mapping[str, Format] = {
    "stablehlo": Format(".stablehlo", stablehlo.encode, stablehlo.decode, stablehlo.use),
    "safetensors": Format(".safetensors", safetensors.encode, safetensors.decode, safetensors.use),
    "onnx": Format(".onnx", onnx.encode, onnx.decode, onnx.use),
}
