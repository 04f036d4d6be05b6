"""A user's own Flax module as a net."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from depthstudy.arch import ArchSpec, ModuleSpec
from depthstudy.nets.interface import ImageShape, Variables
from depthstudy.nets.user_module import trace
from depthstudy.nets.user_module.blame import blamed
from depthstudy.nets.user_module.load import make_module, takes_dtype


@dataclasses.dataclass(frozen=True)
class UserModule:
    """The net of a ``ModuleSpec``; what the user's code raises is an ``InputError`` with its line.

    The module is called as ``module(images, train=...)`` and returns logits ``[B, K]``. It may keep
    ``batch_stats``, and may draw from ``self.make_rng("dropout")``, as ``flax.linen.Dropout`` does.

    Attributes:
      value: What names the class and its options.
      dtype: Type of the compute: told to a class with a field ``dtype``, otherwise of the images.
      drops: Whether training drops at random.
      module: The module itself.
    """

    value: ModuleSpec
    dtype: Any
    drops: bool
    module: nn.Module = dataclasses.field(compare=False, repr=False)

    @classmethod
    def of(cls, value: ModuleSpec, dtype: Any = jnp.float32) -> UserModule:
        """Imports the class and makes the net.

        Raises:
          InputError: The class cannot be had, or does not take its options.
        """
        return cls(value, jnp.dtype(dtype), True, make_module(value, dtype))

    @property
    def spec(self) -> ArchSpec | None:
        """``None``: what a module computes is known only by tracing it."""
        return None

    @property
    def num_classes(self) -> int:
        """Number of logits."""
        return self.value.num_classes

    @property
    def is_stochastic(self) -> bool:
        """Whether training needs ``rngs={"dropout": key}``; a module may leave the key unused."""
        return self.drops

    @property
    def deterministic(self) -> UserModule:
        """The net whose ``flax.linen.Dropout`` passes everything on.

        What the module draws otherwise, it draws from one fixed key.
        """
        return dataclasses.replace(self, drops=False)

    def with_dtype(self, dtype: Any) -> UserModule:
        """Returns the net that computes in another type."""
        return dataclasses.replace(UserModule.of(self.value, dtype), drops=self.drops)

    def check(self, image_shape: ImageShape) -> None:
        """Raises InputError where the module is not a net on such images, or not in its type."""
        trace.check(self, self.value.module, self.num_classes, image_shape, self.dtype)

    def layer_depths(self, image_shape: ImageShape) -> Mapping[str, int]:
        """Returns the weight layers on the longest path up to each submodule, in order of call."""
        return trace.trace(self, image_shape).depths

    def block_names(self, image_shape: ImageShape) -> tuple[str, ...]:
        """Returns the submodules in the order in which they are called.

        A submodule that has no other beside it is a wrapper: then its submodules are meant.
        """
        return trace.outermost(self.layer_depths(image_shape))

    def init(self, key: jax.Array, images: jax.Array) -> Variables:
        """Returns fresh variables for images like these."""
        with blamed(self.value.module, type(self.module)):
            return self.module.init(key, self._cast(images), train=False)

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
        """Returns logits in float32; with ``mutable`` also the collections that may change."""
        with blamed(self.value.module, type(self.module)), self._still() if train else _as_it_is():
            result = self.module.apply(
                {name: tree for name, tree in variables.items() if tree},
                self._cast(images),
                train=train,
                mutable=mutable,
                rngs=rngs if self.drops else {"dropout": jax.random.key(0)},
                capture_intermediates=capture_intermediates,
            )
            logits, *changed = result if mutable else (result,)
            logits = jnp.asarray(logits, jnp.float32)
        return (logits, *changed) if mutable else logits

    def _cast(self, images: jax.Array) -> jax.Array:
        return images if takes_dtype(self.module) else images.astype(self.dtype)

    @contextlib.contextmanager
    def _still(self) -> Iterator[None]:
        with contextlib.nullcontext() if self.drops else nn.intercept_methods(_pass_dropout):
            yield


def _as_it_is() -> contextlib.AbstractContextManager[None]:
    return contextlib.nullcontext()


def _pass_dropout(call: Any, args: Any, kwargs: Any, context: nn.module.InterceptorContext) -> Any:
    if isinstance(context.module, nn.Dropout) and context.method_name == "__call__":
        return args[0] if args else kwargs["inputs"]
    return call(*args, **kwargs)
