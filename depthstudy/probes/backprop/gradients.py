"""Gradient norms along depth: do they vanish or explode on the way back?

The norm of the loss's gradient per layer, for its kernel (what training sees) and for the output
of a block (what back-propagation carries), and how fast either changes with depth: Glorot & Bengio
2010; He et al. 2015 (arXiv 1502.01852). Gradients are those of training: in train mode, so batch
normalization is part of them, and with no augmentation.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from depthstudy import nets
from depthstudy.probes.backprop.gradient_norms import mean_norms
from depthstudy.probes.measurement import Measurement
from depthstudy.probes.probe_input import Probe, ProbeInput
from depthstudy.probes.times import ALL_TIMES, at_each_time
from depthstudy.records import Metric

_STEEP = 1.0  # powers of ten from head to stem from which on gradients vanish or explode
_LEAST = float(np.finfo(np.float32).tiny)  # what stands for a norm of 0 in a logarithm


def measure(probe_input: ProbeInput) -> Iterator[Measurement]:
    """Yields gradient norms per layer and their slopes, also at the beginning where it is known.

    ``gradient_norm`` and ``gradient_to_weight`` (the same over the norm of the kernel) are of
    kernels, ``output_gradient_norm`` is of the outputs of the blocks that ``probe_input.layers``
    matches. ``gradient_norm_slope`` and ``output_gradient_norm_slope`` are what ``slope`` returns.
    ``update_to_weight`` is ``gradient_to_weight`` times the learning rate: what a step of SGD
    without momentum changes of a kernel. At initialization the names end in ``_initial``, early in
    training in ``_early``.

    Raises:
      NotApplicable: The loss or a gradient is not finite.
    """
    states = {
        "": probe_input.variables,
        "_early": probe_input.early,
        "_initial": probe_input.initial,
    }
    yield from at_each_time(states.items(), functools.partial(_measure_at, probe_input))


def _measure_at(
    probe_input: ProbeInput, suffix: str, variables: nets.Variables
) -> Iterator[Measurement]:
    norms = mean_norms(probe_input, variables)
    ways = ways_back(probe_input.layer_depths)
    for metric, by_layer in (
        ("gradient_norm", norms.kernels),
        ("output_gradient_norm", norms.outputs),
    ):
        layers = [layer for layer in ways if layer in by_layer]
        for layer in layers:
            yield Measurement(layer, f"{metric}{suffix}", float(by_layer[layer]))
        if len({ways[layer] for layer in layers}) > 1:
            line = slope([ways[layer] for layer in layers], [by_layer[layer] for layer in layers])
            yield Measurement("", f"{metric}_slope{suffix}", line)
    for layer in ways:
        if norms.weights.get(layer, 0) > 0:
            ratio = float(norms.kernels[layer] / norms.weights[layer])
            yield Measurement(layer, f"gradient_to_weight{suffix}", ratio)
            if suffix in probe_input.rates:
                update = probe_input.rates[suffix] * ratio
                yield Measurement(layer, f"update_to_weight{suffix}", update)


def slope(ways: Sequence[float], norms: Sequence[float]) -> float:
    """Returns by how many powers of ten norms change on the way back from head to stem.

    The slope of the least-squares line through the logarithms: -3 says that the norm falls a
    thousandfold from head to stem (it vanishes), 3 that it grows as much (it explodes).

    Args:
      ways: Share of the way back at which each norm is met: 0 at the head, 1 at the stem.
      norms: The norms. What is below float32's range counts as its least number.
    """
    x = np.asarray(ways, np.float64)
    y = np.log10(np.maximum(np.asarray(norms, np.float64), _LEAST))
    return float(np.sum((x - x.mean()) * y) / np.sum((x - x.mean()) ** 2))


def ways_back(depths: Mapping[str, int]) -> dict[str, float]:
    """Returns, for each layer and block in the order of the net, the share of the way back to it.

    The way is counted in weight layers on the longest path: 0 at the head, 1 at the first layer.

    >>> ways_back({"stem": 1, "block": 3, "head": 5})
    {'stem': 1.0, 'block': 0.5, 'head': 0.0}

    Args:
      depths: Weight layers up to each, as ``nets.Net.layer_depths`` returns them.
    """
    deepest = max(depths.values())
    return {path: (deepest - depth) / max(1, deepest - 1) for path, depth in depths.items()}


GRADIENTS = Probe(
    title="Gradients along depth",
    description=(
        "norm of the loss's gradient per layer at the beginning, early and at the end, its slope"
        " along depth, and what a step changes of the weights (Glorot & Bengio 2010)"
    ),
    measure=measure,
    metrics=(
        Metric(
            name="gradient_norm",
            title="Gradient of each layer’s weights",
            per_layer=True,
            scale="log",
            suffixes=ALL_TIMES,
            description="norm of the loss's gradient with respect to a layer's kernel",
        ),
        Metric(
            name="output_gradient_norm",
            title="Gradient carried back through each block",
            per_layer=True,
            scale="log",
            suffixes=ALL_TIMES,
            description="norm of the loss's gradient with respect to what a block gives out",
        ),
        Metric(
            name="gradient_to_weight",
            title="Gradient over weight",
            per_layer=True,
            scale="log",
            suffixes=ALL_TIMES,
            description="norm of a kernel's gradient over the norm of the kernel",
        ),
        Metric(
            name="update_to_weight",
            title="Step over weight",
            per_layer=True,
            scale="log",
            suffixes=ALL_TIMES,
            description="share of a kernel that a step of SGD without momentum changes",
        ),
        Metric(
            name="gradient_norm_slope",
            title="Change of the weights’ gradient from head to stem",
            unit="decades",
            threshold=_STEEP,
            side="both",
            beyond="gradients vanish or explode",
            suffixes=ALL_TIMES,
            description="powers of ten by which the gradient of the weights grows on its way back",
        ),
        Metric(
            name="output_gradient_norm_slope",
            title="Change of the carried gradient from head to stem",
            unit="decades",
            threshold=_STEEP,
            side="both",
            beyond="gradients vanish or explode",
            suffixes=ALL_TIMES,
            description="powers of ten by which the gradient of the outputs grows on its way back",
        ),
    ),
    labels=True,
    logits=2,
)
