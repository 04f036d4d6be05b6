"""Pyramid and heads of a detector, as ``arch.detection.graph`` says what they are."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float

from depthstudy.arch.detection import parts
from depthstudy.arch.detection.graph import graph
from depthstudy.arch.detection.spec import DetectorSpec
from depthstudy.nets.detection.boxes import anchors
from depthstudy.nets.detection.outputs import DetectorOutputs
from depthstudy.nets.layers.apply import Compute, run_layers
from depthstudy.nets.layers.sections import Group

_LEAST_SUM = 1e-4  # what is added to the sum of weights that divides them

Features = Float[Array, "B H W C"]


def apply_detector(
    spec: DetectorSpec, images: Features, train: bool, compute: Compute
) -> DetectorOutputs:
    """Returns what a detector says of images; call it within a compact module."""
    net = graph(spec)
    inputs = _backbone(net, images, train, compute)
    features = _Pyramid(spec, compute, name="pyramid")(inputs, train)
    outputs = {}
    for name, steps in net.towers:
        tower = _Tower(steps, compute, name=name)
        count = spec.heads.num_classes if name == "class_head" else 4
        by_level = [tower(feature, place, train) for place, feature in enumerate(features)]
        flat = [x.astype(jnp.float32).reshape(len(x), -1, count) for x in by_level]
        outputs[name] = jnp.concatenate(flat, axis=1)
    size = (images.shape[1], images.shape[2])
    boxes = jnp.asarray(anchors(spec, size))
    return DetectorOutputs(outputs["class_head"], outputs["box_head"], boxes)


def upsample(x: Features, size: tuple[int, int]) -> Features:
    """Returns each pixel repeated twice along either axis, cut to ``size``.

    As levels halve and round up, this is pixel ``floor(i * in / out)``, the nearest neighbor of
    PyTorch and TensorFlow 1; ``jax.image.resize`` takes the nearest by the centers of pixels.
    """
    B, H, W, C = x.shape
    twice = jnp.broadcast_to(x[:, :, None, :, None], (B, H, 2, W, 2, C))
    return twice.reshape(B, 2 * H, 2 * W, C)[:, : size[0], : size[1]]


def _backbone(
    net: parts.Detector, x: Features, train: bool, compute: Compute
) -> dict[int, Features]:
    """Returns the tapped features, by level."""
    taps, features = dict(net.taps), {}
    for name, group in itertools.groupby(net.backbone, key=lambda section: section.path[0]):
        sections = tuple(group)
        x = Group(sections, compute, name=name)(x, train)
        if sections[-1].path in taps:
            features[taps[sections[-1].path]] = x
    return features


class _Pyramid(nn.Module):
    spec: DetectorSpec
    compute: Compute

    @nn.compact
    def __call__(self, tapped: Mapping[int, Features], train: bool) -> list[Features]:
        net, features = graph(self.spec), dict(tapped)
        for level, layers in net.coarser:
            features[level] = run_layers(layers, features[level - 1], train, self.compute)
        levels = [features[level] for level in self.spec.pyramid.levels]
        for cell in net.cells:
            levels = _Cell(cell, self.compute, name=cell.name)(levels, train)
        return levels


class _Cell(nn.Module):
    cell: parts.Cell
    compute: Compute

    @nn.compact
    def __call__(self, inputs: Sequence[Features], train: bool) -> list[Features]:
        features = list(inputs)
        sizes = [(x.shape[1], x.shape[2]) for x in inputs]
        lowest = self.cell.nodes[-1].level - len(inputs) + 1
        for node in self.cell.nodes:
            size = sizes[node.level - lowest]
            features.append(_Node(node, size, self.compute, name=node.name)(features, train))
        outputs = [features[number] for number in self.cell.outputs]
        if not self.cell.residual:
            return outputs
        return [out + given for out, given in zip(outputs, inputs, strict=True)]


class _Node(nn.Module):
    node: parts.Node
    size: tuple[int, int]
    compute: Compute

    @nn.compact
    def __call__(self, features: Sequence[Features], train: bool) -> Features:
        terms = []
        for edge in self.node.edges:
            x = run_layers(edge.layers, features[edge.source], train, self.compute)
            terms.append(upsample(x, self.size) if edge.upsample else x)
        if self.node.weights:
            name, count = self.node.weights.name, len(terms)
            weights = jax.nn.relu(self.param(name, nn.initializers.ones, (count,)))
            shares = weights / (weights.sum() + _LEAST_SUM)
            terms = [x * share.astype(x.dtype) for x, share in zip(terms, shares, strict=True)]
        total = sum(terms[1:], start=terms[0])
        return run_layers(self.node.after, total, train, self.compute)


class _Tower(nn.Module):
    """One head: the same convolutions at each level, normalized by each level's own numbers."""

    steps: tuple[parts.TowerStep, ...]
    compute: Compute

    @nn.compact
    def __call__(self, x: Features, place: int, train: bool) -> Features:
        for step in self.steps:
            x = _TowerBlock(step, self.compute, name=step.name)(x, place, train)
        return x


class _TowerBlock(nn.Module):
    step: parts.TowerStep
    compute: Compute

    @nn.compact
    def __call__(self, x: Features, place: int, train: bool) -> Features:
        x = run_layers(self.step.shared, x, train, self.compute)
        return run_layers(self.step.by_level[place], x, train, self.compute)
