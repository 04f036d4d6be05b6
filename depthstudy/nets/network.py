"""The one net: it applies the layers that an architecture value means.

Parameters are named by the value's sections, as ``stage2/block07/conv1/kernel``, so that a
checkpoint reads like the architecture. Where those of equal blocks are one array, as
``stacked.stack`` makes them, the net loops over these blocks.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float, Num

from depthstudy.arch import lowering
from depthstudy.arch.detection.cost import layer_costs
from depthstudy.arch.detection.graph import block_paths
from depthstudy.arch.detection.spec import DetectorSpec
from depthstudy.arch.spec import ArchSpec
from depthstudy.nets.detection.modules import apply_detector
from depthstudy.nets.detection.outputs import DetectorOutputs
from depthstudy.nets.interface import ImageShape
from depthstudy.nets.layers.apply import Compute
from depthstudy.nets.layers.sections import Group


class Network(nn.Module):
    """A convolutional net for an ``ArchSpec``, or a detector for a ``DetectorSpec``: a ``Net``.

    Attributes:
      spec: The architecture.
      dtype: Type of the compute. Parameters, statistics and logits are float32 whatever it is.
      platform: What it runs on, as ``"cpu"``: some layers are computed otherwise on another.
      rematerialize: As in ``TrainConfig``.
      statistics_images: As in ``TrainConfig``.
    """

    spec: ArchSpec | DetectorSpec
    dtype: Any = jnp.float32
    platform: str = dataclasses.field(default_factory=jax.default_backend)
    rematerialize: bool = False
    statistics_images: int | None = None

    @property
    def num_classes(self) -> int:
        """Number of logits."""
        if isinstance(self.spec, DetectorSpec):
            return self.spec.heads.num_classes
        return self.spec.head.num_classes

    @property
    def is_stochastic(self) -> bool:
        """Whether training draws at random: it has dropout or stochastic depth."""
        return self.spec.is_stochastic

    @property
    def deterministic(self) -> Network:
        """The net with the same parameters that draws nothing in training."""
        return self.clone(spec=self.spec.deterministic)

    @nn.nowrap
    def with_dtype(self, dtype: Any) -> Network:
        """Returns the net that computes in another type."""
        return self.clone(dtype=dtype)

    @nn.nowrap
    def check(self, image_shape: ImageShape) -> None:
        """Raises InputError where the images are too small for the net."""
        layer_costs(self.spec, image_shape)

    @nn.nowrap
    def layer_depths(self, image_shape: ImageShape) -> Mapping[str, int]:
        """Returns the weight layers on the longest path up to each layer, block and stage."""
        depths: dict[str, int] = {}
        for cost in layer_costs(self.spec, image_shape):
            for end in range(1, len(cost.path) + 1):
                path = "/".join(cost.path[:end])
                depths[path] = max(depths.get(path, 0), cost.depth)
        return depths

    @nn.nowrap
    def block_names(self, image_shape: ImageShape) -> tuple[str, ...]:
        """Returns the paths of the blocks, as ``"stage1/block02"``; images do not matter.

        Those of a detector are its backbone's and the nodes of its pyramid.
        """
        del image_shape
        return tuple("/".join(path) for path in block_paths(self.spec))

    @nn.compact
    def __call__(
        self, images: Num[Array, "B H W C"], train: bool = False
    ) -> Float[Array, "B K"] | DetectorOutputs:
        """Returns logits; with ``train`` it normalizes by the batch and updates ``batch_stats``.

        With ``train``, a net that draws at random (``spec.is_stochastic``) needs
        ``rngs={"dropout": key}``. A detector returns logits and boxes of all anchors.
        """
        x = images.astype(self.dtype)
        compute = Compute(
            self.dtype,
            self.platform,
            self.rematerialize,
            self.statistics_images,
        )
        if isinstance(self.spec, DetectorSpec):
            return apply_detector(self.spec, x, train, compute)
        sections = lowering.sections(self.spec)
        for name, group in itertools.groupby(sections, key=lambda section: section.path[0]):
            x = Group(tuple(group), compute, name=name)(x, train)
        return x.astype(jnp.float32)
