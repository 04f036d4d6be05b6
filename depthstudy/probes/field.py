"""Receptive fields against the image, from the architecture alone.

A convolution whose input already sees the whole image can add no context, and Richter et al. 2021
("Should You Go Deeper?", arXiv 2106.12307) find such layers unproductive: the first of them is the
border layer. It is the usual confounder of a claim about depth. Fields are those of the longest
path; where shortcuts bring smaller fields along, layers past the border may still contribute.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from depthstudy import arch
from depthstudy.arch import DetectorSpec
from depthstudy.arch.lowering import Conv
from depthstudy.data import objects
from depthstudy.probes.measurement import Measurement
from depthstudy.probes.probe_input import Probe, ProbeInput
from depthstudy.records import Metric

_MANY = 0.5  # share of convolutions past the border from which on a net stands out


def measure(probe_input: ProbeInput) -> Iterator[Measurement]:
    """Yields the receptive field of each convolution, and which share of them outgrows the image.

    ``receptive_field`` is in pixels, of the output of each convolution and of the whole net;
    ``border_layer``, of the border layer if a net has one, is its depth in weight layers;
    ``share_past_border`` is the share of convolutions whose input sees the whole image. One that
    a detector applies to several levels counts once, and as past the border where all are past it.
    """
    height, width, _ = probe_input.dataset.image_shape
    detector = probe_input.network.spec
    spec = detector if isinstance(detector, DetectorSpec) else probe_input.spec
    convolutions = [
        cost
        for cost in arch.layer_costs(spec, probe_input.dataset.image_shape)
        if isinstance(cost.layer, Conv) and "squeeze_excite" not in cost.path
    ]
    if isinstance(spec, DetectorSpec):
        yield from _against_objects(spec, convolutions, probe_input)
    largest = {"/".join(cost.path): cost.field for cost in convolutions}  # of shared ones the last
    for path, field in largest.items():
        yield Measurement(path, "receptive_field", float(field))
    yield Measurement("", "receptive_field", float(max(cost.field for cost in convolutions)))
    past = past_border(convolutions, max(height, width))
    if past:
        yield Measurement("/".join(past[0].path), "border_layer", float(past[0].depth))
    yield Measurement("", "convolutions", float(len(largest)))
    yield Measurement("", "convolutions_past_border", float(len(past)))
    yield Measurement("", "share_past_border", len(past) / len(largest))


def _against_objects(
    spec: DetectorSpec, convolutions: Sequence[arch.LayerCost], probe_input: ProbeInput
) -> Iterator[Measurement]:
    """Yields what a prediction of each level sees, and how large objects are."""
    last = [cost for cost in convolutions if cost.path == ("class_head", "predict", "conv2")]
    for level, cost in zip(spec.pyramid.levels, last, strict=True):
        yield Measurement(f"p{level}", "receptive_field", float(cost.field))
    train = probe_input.dataset.train
    rows = train.read(np.arange(min(len(train), probe_input.examples))).labels
    rows = rows[rows[..., objects.CLASS] >= 0]
    sides = rows[:, 2:4] - rows[:, :2]
    yield Measurement("", "median_object_size", float(np.median(sides.max(axis=1))))


def past_border(convolutions: Sequence[arch.LayerCost], side: int) -> list[arch.LayerCost]:
    """Returns the convolutions from the border layer on, the first use of those that are shared.

    Args:
      convolutions: Convolutions in the order of the net.
      side: The longer side of the image in pixels.
    """
    inside = {cost.path for cost in convolutions if input_field(cost) <= side}
    first_use = {cost.path: cost for cost in reversed(convolutions) if cost.path not in inside}
    return list(reversed(first_use.values()))


def input_field(convolution: arch.LayerCost) -> int:
    """Returns the receptive field, in pixels, of what a convolution reads."""
    assert isinstance(convolution.layer, Conv)
    step = convolution.jump // convolution.layer.stride
    return convolution.field - (convolution.layer.kernel - 1) * step


FIELD = Probe(
    title="Receptive field against the image",
    description=(
        "receptive field of each layer against the image, and the border layer (Richter et al. "
        "2021)"
    ),
    measure=measure,
    metrics=(
        Metric(
            name="receptive_field",
            title="Receptive field in pixels",
            unit="px",
            per_layer=True,
            scale="log",
            description="side of the square of the image that one output of the layer sees",
        ),
        Metric(
            name="receptive_field",
            title="Receptive field in pixels",
            unit="px",
            scale="log",
            description="side of the square of the image that one last feature sees",
        ),
        Metric(
            name="median_object_size",
            title="Median size of objects",
            unit="px",
            description="longer side of an object, which the fields of a detector are to cover",
        ),
        Metric(
            name="border_layer",
            title="Depth of the border layer",
            unit="count",
            per_layer=True,
            description="the first layer whose input already covers the whole image",
        ),
        Metric(
            name="convolutions",
            title="Convolutions",
            unit="count",
            description="convolutions of the net, without those of gates",
        ),
        Metric(
            name="convolutions_past_border",
            title="Number of convolutions past the border",
            unit="count",
            description="convolutions whose input already covers the whole image",
        ),
        Metric(
            name="share_past_border",
            title="Convolutions past the border",
            unit="fraction",
            threshold=_MANY,
            beyond="half of the convolutions or more can add no context",
            description="share of convolutions whose input already covers the whole image",
        ),
    ),
)
