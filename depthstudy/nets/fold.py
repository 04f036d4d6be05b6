"""Batch normalization, and RepVGG's branches, folded into the convolutions before them.

In evaluation a normalization is a factor and an offset for each channel, so a convolution can take
them over; and a sum of convolutions of the same images is one convolution (Ding et al. 2021, arXiv
2101.03697).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from flax import traverse_util
from jaxtyping import Float64

from depthstudy.arch import ArchSpec, lowering
from depthstudy.arch.families.options import with_norm
from depthstudy.arch.layer_types import (
    BatchNorm,
    Conv,
    GroupNorm,
    Layer,
    LayerNorm,
    Layers,
    Parallel,
)
from depthstudy.errors import InputError
from depthstudy.nets.interface import Variables

Path = tuple[str, ...]
Flat = Mapping[Path, Any]


class _Linear(NamedTuple):
    kernel: Float64[np.ndarray, "k k c F"]
    bias: Float64[np.ndarray, " F"]


def fold(spec: ArchSpec, variables: Variables) -> tuple[ArchSpec, Variables]:
    """Returns the net without normalization, and with one path where there were several.

    Its logits are those of the net in eval mode, up to rounding.

    Args:
      spec: The architecture.
      variables: Its ``params`` and ``batch_stats``.

    Raises:
      InputError: A normalization stands elsewhere than right after a convolution, as in
        pre-activation nets.
    """
    folded = dataclasses.replace(
        with_norm(spec, "none"), branches="single", family=spec.family.removesuffix("_repvgg")
    )
    params = traverse_util.flatten_dict(variables["params"])
    statistics = traverse_util.flatten_dict(variables.get("batch_stats", {}))
    leaves: dict[Path, Any] = {}
    for section in lowering.sections(spec):
        for part in (section.before, section.branch, section.shortcut or ()):
            for conv, linear in _folds(spec, part, section.path, {**params, **statistics}):
                leaves[*section.path, conv.name, "kernel"] = linear.kernel.astype(np.float32)
                leaves[*section.path, conv.name, "bias"] = linear.bias.astype(np.float32)
    gone = {path[:-1] for path in (*leaves, *statistics)} | _in_paths(spec)
    kept = {path: leaf for path, leaf in params.items() if path[:-1] not in gone}
    return folded, {"params": traverse_util.unflatten_dict({**kept, **leaves})}


def _folds(spec: ArchSpec, part: Layers, path: Path, flat: Flat) -> Iterator[tuple[Conv, _Linear]]:
    """Yields each convolution that takes something over, and what it is then."""
    previous: Layer | None = None
    for layer in part:
        if isinstance(layer, GroupNorm | LayerNorm):
            raise InputError(
                f"{spec.family} cannot be folded: {'/'.join((*path, layer.name))} normalizes each "
                "image by itself, so it is no part of a convolution"
            )
        if isinstance(layer, BatchNorm):
            if not isinstance(previous, Conv):
                where = "/".join((*path, layer.name))
                raise InputError(f"{spec.family} cannot be folded: no convolution before {where}")
            yield previous, _normed(_linear(previous, path, flat), layer, path, flat)
        elif isinstance(layer, Parallel):
            conv = layer.paths[0][0]
            assert isinstance(conv, Conv)
            paths = [_path(layers, conv, path, flat) for layers in layer.paths]
            kernels, biases = zip(*paths, strict=True)
            yield conv, _Linear(np.sum(kernels, axis=0), np.sum(biases, axis=0))
        previous = layer


def _path(layers: Layers, like: Conv, path: Path, flat: Flat) -> _Linear:
    """Returns one of several paths as a convolution of the shape of ``like``."""
    *convs, norm = layers
    assert isinstance(norm, BatchNorm)
    if convs:
        assert isinstance(convs[0], Conv)
        kernel, bias = _linear(convs[0], path, flat)
    else:
        kernel, bias = np.eye(like.filters)[None, None], np.zeros(like.filters)
    around = (like.kernel - kernel.shape[0]) // 2
    kernel = np.pad(kernel, [(around, around), (around, around), (0, 0), (0, 0)])
    return _normed(_Linear(kernel, bias), norm, path, flat)


def _linear(conv: Conv, path: Path, flat: Flat) -> _Linear:
    kernel = np.asarray(flat[*path, conv.name, "kernel"], np.float64)
    bias = flat[*path, conv.name, "bias"] if conv.bias else np.zeros(conv.filters)
    return _Linear(kernel, np.asarray(bias, np.float64))


def _normed(linear: _Linear, norm: BatchNorm, path: Path, flat: Flat) -> _Linear:
    scale, bias, mean, variance = (
        np.asarray(flat[*path, norm.name, leaf], np.float64)
        for leaf in ("scale", "bias", "mean", "var")
    )
    factor = scale / np.sqrt(variance + norm.epsilon)
    return _Linear(linear.kernel * factor, (linear.bias - mean) * factor + bias)


def _in_paths(spec: ArchSpec) -> set[Path]:
    """Returns where the parameters are of the layers that stand beside others."""
    return {
        (*section.path, layer.name)
        for section in lowering.sections(spec)
        for parallel in section.branch
        if isinstance(parallel, Parallel)
        for path in parallel.paths
        for layer in path
        if isinstance(layer, Conv)
    }
