"""What tracing a user's module shows: its submodules, its cost, and whether it is a net at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import linen as nn
from flax import traverse_util
from jax.ad_checkpoint import checkpoint_name

from depthstudy.arch import Cost
from depthstudy.errors import InputError
from depthstudy.nets.interface import ImageShape, Net
from depthstudy.nets.user_module import products

_COLLECTIONS = ("params", "batch_stats")  # that training knows


class Trace(NamedTuple):
    """A module applied to one image in eval mode.

    Attributes:
      cost: What it costs.
      depths: Weight layers on the longest path up to each submodule, in the order of call.
      dtypes: Types of what its convolutions and dense layers read.
    """

    cost: Cost
    depths: Mapping[str, int]
    dtypes: frozenset[Any]


def trace(net: Net, image_shape: ImageShape) -> Trace:
    """Returns what a net does with one image; nothing is computed.

    Raises:
      InputError: The user's code raises.
    """
    image = _images(1, image_shape)
    variables = jax.eval_shape(net.init, jax.random.key(0), image)
    called: list[str] = []

    def applied(variables: Any, images: Any) -> Any:
        with nn.intercept_methods(_marking(called)):
            return net.apply(
                variables, images, mutable=["intermediates"], capture_intermediates=True
            )

    jaxpr, (_, kept) = jax.make_jaxpr(applied, return_shape=True)(variables, image)
    counts, depth = products.count(jaxpr)
    captured = traverse_util.flatten_dict(kept["intermediates"])
    return Trace(
        cost=Cost(
            parameters=sum(leaf.size for leaf in jax.tree.leaves(variables["params"])),
            macs=counts.macs,
            activations=counts.outputs,
            receptive_field=None,
            depth=depth,
        ),
        depths={
            path: counts.depths[path]
            for path in dict.fromkeys(called)
            if path in counts.depths and (*path.split("/"), "__call__") in captured
        },
        dtypes=frozenset(counts.dtypes),
    )


def check(net: Net, name: str, num_classes: int, image_shape: ImageShape, dtype: Any) -> None:
    """Raises InputError where a user's module cannot be trained on such images.

    Args:
      net: The module as a net.
      name: What it is called in a config.
      num_classes: Number of logits that it has to return.
      image_shape: Height, width and channels.
      dtype: Type in which its convolutions and dense layers have to compute.
    """
    images = _images(2, image_shape)
    variables = jax.eval_shape(net.init, jax.random.key(0), images)
    if unknown := set(variables) - set(_COLLECTIONS):
        raise InputError(
            f"{name} keeps {', '.join(sorted(unknown))}; allowed: {', '.join(_COLLECTIONS)}"
        )
    _check_parameters(variables["params"], name)

    def train(variables: Any, images: Any) -> Any:
        rngs = {"dropout": jax.random.key(0)}
        return net.apply(variables, images, train=True, mutable=["batch_stats"], rngs=rngs)

    logits, changed = jax.eval_shape(train, variables, images)
    if logits.shape != (2, num_classes):
        raise InputError(
            f"{name} returns {list(logits.shape)} for 2 images; wanted are logits "
            f"{[2, num_classes]}"
        )
    before, after = (tree.get("batch_stats", {}) for tree in (variables, changed))
    if _shapes(before) != _shapes(after):
        raise InputError(f"{name}: training changes the shapes, types or names of its batch_stats")
    dtypes = trace(net, image_shape).dtypes
    if dtype != jnp.float32 and dtype not in dtypes:
        raise InputError(
            f"{name} does not compute in {jnp.dtype(dtype).name} (but in "
            f"{', '.join(sorted(str(kind) for kind in dtypes))}): give the class a field dtype, or "
            "set config.train.precision=float32"
        )


def _check_parameters(params: Any, name: str) -> None:
    """Raises InputError where parameters are no nested dicts of float32 arrays."""
    for path, leaf in jax.tree_util.tree_leaves_with_path(params):
        place = "/".join(str(getattr(entry, "key", entry)) for entry in path)
        if not all(isinstance(entry, jax.tree_util.DictKey) for entry in path):
            raise InputError(f"{name}: parameter {place} is no array; allowed: an array a name")
        if leaf.dtype != jnp.float32:
            raise InputError(
                f"{name}: parameter {place} is {leaf.dtype.name}; allowed: float32. Layers compute "
                "in another type by their dtype, not by their param_dtype"
            )


def outermost(paths: Iterable[str]) -> tuple[str, ...]:
    """Returns the outermost paths of which there are several, in their order.

    >>> outermost(["net", "net/conv", "net/block", "net/block/conv"])
    ('net/conv', 'net/block')
    """
    split = [path.split("/") for path in paths]
    level = 1
    while True:
        outer = [parts for parts in split if len(parts) == level]
        if len(outer) != 1 or not any(len(parts) > level for parts in split):
            return tuple("/".join(parts) for parts in outer)
        level += 1


def _images(count: int, image_shape: ImageShape) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct((count, *image_shape), jnp.float32)


def _shapes(tree: Any) -> Any:
    flat = traverse_util.flatten_dict(tree)
    return {path: (leaf.shape, leaf.dtype) for path, leaf in flat.items()}


def _marking(called: list[str]) -> Any:
    """Returns a Flax interceptor that notes each submodule called and marks its output."""

    def note(call: Any, args: Any, kwargs: Any, context: nn.module.InterceptorContext) -> Any:
        path = "/".join(context.module.path)
        if not path or context.method_name != "__call__":
            return call(*args, **kwargs)
        called.append(path)
        result = call(*args, **kwargs)
        if not is_features(result):
            return result
        return checkpoint_name(result, products.mark(path))

    return note


def is_features(value: Any) -> bool:
    """Returns whether a submodule's output is one array of numbers for each image."""
    return (
        isinstance(value, jax.Array)
        and value.ndim > 1
        and jnp.issubdtype(value.dtype, jnp.floating)
    )
