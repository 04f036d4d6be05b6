"""The input of a probe, its measurements, and the probe itself as a value."""

from __future__ import annotations

import dataclasses
import fnmatch
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float32, Int

from depthstudy import nets, tasks
from depthstudy.arch import ArchSpec, DetectorSpec
from depthstudy.data import Dataset, Split, eval_batches, normalize
from depthstudy.probes.measurement import Measurement
from depthstudy.records import Metric


class Examples(NamedTuple):
    """A batch as a net takes it; ``weights`` is 0 for images that only fill the last batch up."""

    images: Float[Array, "B H W C"]
    labels: Int[Array, " B"]
    weights: Float32[Array, " B"]


def full_float32() -> AbstractContextManager[None]:
    """Returns a context in which products of float32 are float32.

    By default a TPU rounds their factors to bfloat16, and an NVIDIA GPU to TF32.
    """
    return jax.default_matmul_precision("highest")


@dataclasses.dataclass(frozen=True, eq=False)
class ProbeInput:
    """A net with its variables and data, as probes take it.

    Attributes:
      network: The net; probes run in float32 whatever it was trained in, products too.
      variables: ``params`` and ``batch_stats``.
      initial: The variables before training, from the same seed; ``None`` where unknown.
      early: The variables early in training; ``None`` where unknown.
      rates: Learning rate of the next step at the beginning (``"_initial"``), early (``"_early"``)
        and of the last step (``""``), as far as they are known and the step is proportional to
        the gradient.
      dataset: What the net learned.
      examples: How many examples a probe may look at, of each split.
      batch_size: Images in a batch.
      layers: Shell patterns, which commas separate, over the paths of layers that per-layer probes
        look at; ``None`` is the blocks.
      seed: Seed of whatever a probe draws at random.
    """

    network: nets.Net
    variables: nets.Variables
    dataset: Dataset
    initial: nets.Variables | None = None
    early: nets.Variables | None = None
    rates: Mapping[str, float] = dataclasses.field(default_factory=dict)
    examples: int = 2_000
    batch_size: int = 250
    layers: str | None = None
    seed: int = 0

    @property
    def spec(self) -> ArchSpec:
        """The architecture.

        Raises:
          NotApplicable: The net is a user's module, or a detector.
        """
        if self.network.spec is None:
            raise NotApplicable("the net is a module; this needs an architecture value")
        self.require_classifier()
        assert isinstance(self.network.spec, ArchSpec)
        return self.network.spec

    @property
    def task(self) -> tasks.LearningTask:
        """What the net learned."""
        return tasks.of(self.dataset)

    def require_classifier(self) -> None:
        """Refuses a net that does not say the class of an image.

        Raises:
          NotApplicable: It is a detector.
        """
        if isinstance(self.network.spec, DetectorSpec):
            raise NotApplicable("the net is a detector; this needs a classifier")

    def require_logits(self) -> None:
        """Refuses a net that does not say one row of logits of an image.

        Raises:
          NotApplicable: It is a detector.
        """
        if isinstance(self.network.spec, DetectorSpec):
            raise NotApplicable("the net is a detector; this needs one row of logits an image")

    def require_counts(self) -> None:
        """Refuses a task whose error is no share of images.

        Raises:
          NotApplicable: It is such a task.
        """
        if not self.task.counts_images:
            raise NotApplicable(
                f"this counts images that are wrong, which {self.task.name} does not"
            )

    def require_finite(self) -> None:
        """Refuses a net that says the same of every image, as a part of it is not finite.

        Raises:
          NotApplicable: A parameter or a statistic is not finite.
        """
        if not all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(dict(self.variables))):
            raise NotApplicable("the net is not finite")

    @functools.cached_property
    def layer_depths(self) -> Mapping[str, int]:
        """Weight layers on the longest path up to each layer, in the order of the net."""
        return self.network.layer_depths(self.dataset.image_shape)

    @functools.cached_property
    def block_names(self) -> tuple[str, ...]:
        """Paths of the blocks that per-layer probes look at, in the order of the net."""
        names = self.network.block_names(self.dataset.image_shape)
        return tuple(name for name in names if self._is_chosen(name))

    @functools.cached_property
    def layer_names(self) -> tuple[str, ...]:
        """Paths of the layers that per-layer probes look at, in the order of the net.

        Raises:
          NotApplicable: There is none.
        """
        if self.layers is None:
            chosen = self.block_names
        else:
            chosen = tuple(filter(self._is_chosen, self.layer_depths))
        if not chosen:
            raise NotApplicable(
                f"no layer matches {self.layers!r}" if self.layers else "the net has no blocks"
            )
        return chosen

    def in_order(self, names: Iterable[str]) -> list[str]:
        """Returns names of layers in the order of the net."""
        order = {name: rank for rank, name in enumerate(self.layer_depths)}
        return sorted(names, key=lambda name: order.get(name, len(order)))

    def _is_chosen(self, name: str) -> bool:
        return self.layers is None or matches(name, self.layers)

    def batches(self, split: Split) -> Iterator[Examples]:
        """Yields a fixed part of a split, normalized, without augmentation, in equal batches."""
        batches = eval_batches(split, batch_size=self.batch_size, limit=self.examples)
        for batch, weights in batches:
            images = normalize(batch.images, self.dataset.mean, self.dataset.std)
            yield Examples(images, batch.labels, weights)

    def key(self) -> jax.Array:
        """Returns the key of a probe's random draws."""
        return jax.random.key(self.seed)


class NotApplicable(Exception):  # noqa: N818
    """A probe cannot measure a net; the message says why."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Probe:
    """A named measurement.

    Attributes:
      title: Heading of what it measures.
      description: One line: what it measures and whose idea it is.
      measure: Yields measurements of a net; raises ``NotApplicable``.
      metrics: What it may yield, in the order in which a reader should meet it.
      labels: Whether it needs to know the labels of the images.
      logits: Least number of logits that it needs; 0 for what looks at features or weights alone.
      images: Least number of images, of the train split, from which on its numbers mean something.
    """

    title: str
    description: str
    measure: Callable[[ProbeInput], Iterable[Measurement]]
    metrics: tuple[Metric, ...]
    labels: bool = False
    logits: int = 0
    images: int = 1


def train_loss(
    network: nets.Net, task: tasks.LearningTask, variables: nets.Variables, batch: Examples
) -> Float[Array, ""]:
    """Returns the mean loss of a batch, in train mode; ``network`` draws nothing."""
    given = {"params": variables["params"], "batch_stats": variables.get("batch_stats", {})}
    outputs, _ = network.apply(given, batch.images, train=True, mutable=["batch_stats"])
    losses = task.loss(outputs, batch.labels)
    return jnp.sum(batch.weights * losses) / jnp.sum(batch.weights)


def matches(name: str, patterns: str) -> bool:
    """Returns whether a path matches one of the patterns, which commas separate.

    As in a shell, ``*`` stands for no slash: ``"stage*/block*"`` is blocks, not what is in them.

    >>> matches("stage1/block02", "stem,stage*/block*")
    True
    >>> matches("stage1/block02/conv1", "stem,stage*/block*")
    False
    """
    parts = name.split("/")
    for pattern in patterns.split(","):
        globs = pattern.split("/")
        if name and len(parts) == len(globs) and all(map(fnmatch.fnmatchcase, parts, globs)):
            return True
    return False
