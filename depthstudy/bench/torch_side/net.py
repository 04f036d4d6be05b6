"""The same architectures in PyTorch: the net that a user would write instead.

It applies the layers of ``arch.lowering.sections`` as ``nets.Network`` does, with the modules that
PyTorch has for them. Images are ``[B, C, H, W]``, held channels last.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from flax import traverse_util
from torch import nn
from torch.nn import functional

from depthstudy.arch import ArchSpec, lowering
from depthstudy.arch import layer_types as words
from depthstudy.arch.rounding import norm_groups
from depthstudy.arch.windows import window_padding

_ACTIVATIONS = {
    "gelu": functional.gelu,
    "hard_sigmoid": functional.hardsigmoid,
    "hard_swish": functional.hardswish,
    "relu": functional.relu,
    "relu6": functional.relu6,
    "sigmoid": torch.sigmoid,
    "silu": functional.silu,
}
_WITH_MODULE = words.Conv | words.Norm | words.LayerScale | words.Dense
_IN_PLACE = ("relu", "relu6")  # the others' gradients need what they were given


class TorchNet(nn.Module):
    """A convolutional net for an ``ArchSpec``, with submodules named as our parameters are."""

    def __init__(self, spec: ArchSpec, image_shape: tuple[int, int, int]) -> None:
        """Makes every module, for images of a height, a width and a number of channels."""
        super().__init__()
        self.sections = lowering.sections(spec)
        self._make_modules(torch.zeros(2, image_shape[2], *image_shape[:2]))

    def forward(self, x: Any) -> Any:
        """Returns logits ``[B, K]`` of images ``[B, C, H, W]``."""
        for section in self.sections:
            path = "/".join(section.path)
            x = self._run(section.before, x, path)
            y = self._run(section.branch, x, path)
            if section.shortcut is not None:
                short = self._run(section.shortcut, x, path)
                y = y + short if section.join == "add" else torch.cat([short, y], 1)
            x = self._run(section.after, y, path, is_exclusive=True)
        return x

    def _run(self, layers: words.Layers, x: Any, path: str, is_exclusive: bool = False) -> Any:
        """Applies layers; if ``is_exclusive``, nobody else holds ``x``: it may be overwritten."""
        for layer in layers:
            match layer:
                case words.Activation() if is_exclusive and layer.kind in _IN_PLACE:
                    x = _ACTIVATIONS[layer.kind](x, inplace=True)
                case words.Activation():
                    x = _ACTIVATIONS[layer.kind](x)
                case words.SqueezeExcite():
                    x = self._gate(layer, x, f"{path}/{layer.name}")
                case _ if isinstance(layer, _WITH_MODULE):
                    x = self._layer(layer, x, f"{path}/{layer.name}")
                case _:
                    x = _simple(layer, x, self.training)
            is_exclusive = isinstance(layer, _WITH_MODULE)
        return x

    def _layer(self, layer: Any, x: Any, name: str) -> Any:
        if isinstance(layer, words.Dense) and x.dim() == 4:
            x = x.permute(0, 2, 3, 1).flatten(1)  # as channels last are flattened
        if name not in self._modules:
            self.add_module(name, _module(layer, x))
        if isinstance(layer, words.Conv) and layer.padding == "same":
            x = _padded(x, layer, layer.kernel)
        return self._modules[name](x)

    def _gate(self, layer: words.SqueezeExcite, x: Any, path: str) -> Any:
        inside = self._layer(layer.reduce, x.mean((2, 3), keepdim=True), f"{path}/conv1")
        inside = self._layer(layer.expand, _ACTIVATIONS[layer.activation](inside), f"{path}/conv2")
        return x * _ACTIVATIONS[layer.gate](inside)

    def _make_modules(self, image: Any) -> None:
        """Passes an image through, which makes every module for the channels that it meets."""
        with torch.no_grad():
            self.eval()(image)
        self.train()


class _PixelNorm(nn.LayerNorm):
    """Layer normalization over the channels of images ``[B, C, H, W]``, or of averages."""

    def forward(self, x: Any) -> Any:
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


class _LayerScale(nn.Module):
    def __init__(self, channels: int, start: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((channels,), start))

    def forward(self, x: Any) -> Any:
        return x * self.weight[:, None, None]


def load(net: TorchNet, variables: Mapping[str, Any]) -> None:
    """Gives the net the parameters and running statistics of ours.

    Raises:
      RuntimeError: The names or shapes are not the net's.
    """
    names = {"kernel": "weight", "scale": "weight", "mean": "running_mean", "var": "running_var"}
    state = {}
    for collection in ("params", "batch_stats"):
        flat = traverse_util.flatten_dict(variables.get(collection, {}))
        for (*path, last), value in flat.items():
            array = np.asarray(value)
            if last == "kernel":
                array = array.transpose((3, 2, 0, 1) if array.ndim == 4 else (1, 0))
            key = f"{'/'.join(path)}.{names.get(last, last)}"
            state[key] = torch.from_numpy(array.copy())
    missing, unexpected = net.load_state_dict(state, strict=False)
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]
    if missing or unexpected:
        raise RuntimeError(f"missing: {missing}, unexpected: {unexpected}")


def _module(layer: Any, x: Any) -> nn.Module:
    channels = x.shape[1]
    match layer:
        case words.Conv():
            return nn.Conv2d(
                channels,
                layer.filters,
                layer.kernel,
                layer.stride,
                window_padding(0, layer.kernel, layer.stride, layer.padding)[0]
                if layer.padding == "torch"
                else 0,
                groups=layer.groups,
                bias=layer.bias,
            )
        case words.BatchNorm():
            kind = nn.BatchNorm2d if x.dim() == 4 else nn.BatchNorm1d
            return kind(channels, layer.epsilon, 1 - layer.momentum)
        case words.GroupNorm():
            return nn.GroupNorm(norm_groups(channels), channels, layer.epsilon)
        case words.LayerNorm():
            return _PixelNorm(channels, layer.epsilon)
        case words.LayerScale():
            return _LayerScale(channels, layer.start)
        case words.Dense():
            return nn.Linear(channels, layer.features)
    raise TypeError(f"no module: {layer}")


def _simple(layer: words.Layer, x: Any, training: bool) -> Any:
    """Returns what a layer without parameters makes of the images, or of features ``[B, F]``."""
    match layer:
        case words.MaxPool():
            x = _padded(x, layer, layer.window, -torch.inf)
            return functional.max_pool2d(x, layer.window, layer.stride)
        case words.AveragePool() if layer.padding == "torch":
            return functional.avg_pool2d(x, layer.window, layer.stride, (layer.window - 1) // 2)
        case words.AveragePool():
            ones = _padded(torch.ones_like(x[:1, :1]), layer, layer.window)
            share = functional.avg_pool2d(ones, layer.window, layer.stride)
            x = _padded(x, layer, layer.window)
            return functional.avg_pool2d(x, layer.window, layer.stride) / share
        case words.ZeroPad():
            x = x[:, :, :: layer.stride, :: layer.stride]
            return functional.pad(x, (0, 0, 0, 0, 0, layer.filters - x.shape[1]))
        case words.Take():
            return x[:, layer.start : layer.stop]
        case words.ChannelShuffle():
            return functional.channel_shuffle(x, layer.groups)
        case words.GlobalMean():
            return x.mean((2, 3))
        case words.AdaptiveMean():
            return functional.adaptive_avg_pool2d(x, layer.side)
        case words.Dropout():
            return functional.dropout(x, layer.rate, training)
        case words.StochasticDepth():
            return x * functional.dropout(torch.ones(len(x), 1, 1, 1), layer.rate, training)
    raise TypeError(f"not a simple layer: {layer}")


def _padded(x: Any, layer: Any, window: int, value: float = 0.0) -> Any:
    rows, columns = (
        window_padding(size, window, layer.stride, layer.padding) for size in x.shape[2:]
    )
    if not any((*rows, *columns)):
        return x
    return functional.pad(x, (*columns, *rows), value=value)
