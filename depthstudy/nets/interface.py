"""What training and probes ask of a net, whoever wrote it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import jax

from depthstudy.arch import ArchSpec, DetectorSpec

Variables = Mapping[str, Any]
ImageShape = tuple[int, int, int]


@runtime_checkable
class Net(Protocol):
    """A function from images to logits, and what it is made of.

    ``nets.Network`` is one for an architecture value, ``user_module.net.UserModule`` for a user's
    own Flax module; ``nets.build`` gives either. A net is hashable, so that compiled functions take
    it as a static argument, and it has no state: variables are passed in.
    """

    @property
    def spec(self) -> ArchSpec | DetectorSpec | None:
        """The architecture value, or ``None`` where there is none to change or to reason about."""

    @property
    def num_classes(self) -> int:
        """Number of logits."""

    @property
    def is_stochastic(self) -> bool:
        """Whether training needs ``rngs={"dropout": key}``."""

    @property
    def deterministic(self) -> Net:
        """The net with the same parameters that drops nothing in training."""

    def with_dtype(self, dtype: Any) -> Net:
        """Returns the net that computes in another type."""

    def check(self, image_shape: ImageShape) -> None:
        """Raises InputError where the net cannot be applied to such images, or in its type."""

    def layer_depths(self, image_shape: ImageShape) -> Mapping[str, int]:
        """Returns the weight layers on the longest path up to each part of the net, that included.

        Parts are named by their path, as ``"stage1/block02/conv1"``, and stand in the order of the
        net. Their outputs are what ``nets.outputs`` gives.
        """

    def block_names(self, image_shape: ImageShape) -> tuple[str, ...]:
        """Returns the paths of the blocks, in the order of the net."""

    def init(self, key: jax.Array, images: jax.Array, /) -> Variables:
        """Returns fresh variables for images like these."""

    def apply(
        self,
        variables: Variables,
        images: jax.Array,
        /,
        *,
        train: bool = False,
        mutable: Sequence[str] | bool = False,
        rngs: dict[str, jax.Array] | None = None,
        capture_intermediates: bool = False,
    ) -> Any:
        """Returns logits ``[B, K]`` in float32, as Flax does: with the collections that may change.

        A detector returns ``nets.DetectorOutputs`` in the place of logits.

        Args:
          variables: ``params``, and ``batch_stats`` if the net has any.
          images: Normalized images ``[B, H, W, C]``.
          train: Whether to normalize by the batch, and to drop.
          mutable: Collections that may change; with any, ``(logits, changed)`` is returned.
          rngs: Keys of what is drawn.
          capture_intermediates: Whether the output of each part is kept, in ``"intermediates"``.
        """
