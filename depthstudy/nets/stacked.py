"""Variables of equal blocks as one array: what a net that loops over them is applied with.

A net of a thousand blocks has thousands of arrays, and a train step goes through each: gradients,
optimizer and average take as many operations as there are arrays, and XLA far more than a second
for a hundred of them. With the arrays of equal blocks put into one, along a first axis, a step is a
program of one size whatever the depth. ``Network`` loops over blocks where it finds them so.

In ``params/stage1`` the folders ``block02`` to ``block18``, say, become one, ``block02-block18``,
whose arrays have the blocks as their first axis.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from depthstudy.arch import ArchSpec, DetectorSpec, lowering
from depthstudy.nets.layers.equal_blocks import is_joint, joint_name, split

Names = tuple[str, ...]


def stack(spec: ArchSpec | DetectorSpec, tree: Any) -> Any:
    """Returns variables, or a tree that holds such, with those of equal blocks as one array.

    On the host, but for arrays that are traced: compiling thousands of copies would take long.

    >>> from depthstudy import arch
    >>> spec = arch.build("plain", depth=20, layout="cifar")  # three blocks a stage
    >>> blocks = {f"block{i:02d}": {"conv": {"bias": np.zeros(4)}} for i in (1, 2, 3)}
    >>> stacked = stack(spec, {"stage1": blocks})
    >>> jax.tree.map(np.shape, stacked)
    {'stage1': {'block01': {'conv': {'bias': (4,)}}, 'block02-block03': {'conv': {'bias': (2, 4)}}}}

    Args:
      spec: The architecture.
      tree: ``params``, ``batch_stats``, or any pytree with dicts like these, as an optimizer's
        state.
    """

    def stacked(blocks: Mapping[str, Any], names: Names) -> Mapping[str, Any]:
        if not blocks.keys() >= set(names):
            return blocks
        together = jax.tree.map(_stacked, *(blocks[name] for name in names))
        others = {name: block for name, block in blocks.items() if name not in names}
        return others | {joint_name(names): together}

    return _changed(spec, tree, stacked)


def unstack(spec: ArchSpec | DetectorSpec, tree: Any) -> Any:
    """Returns what ``stack`` was given; arrays on the host are views of the stacked ones."""

    def unstacked(blocks: Mapping[str, Any], names: Names) -> Mapping[str, Any]:
        if joint_name(names) not in blocks:
            return blocks
        others = dict(blocks)
        together = others.pop(joint_name(names))
        each = {
            name: jax.tree.map(operator.itemgetter(number), together)
            for number, name in enumerate(names)
        }
        return others | each

    return _changed(spec, tree, unstacked)


def stacked_axes(path: Names) -> int:
    """Returns how many axes of blocks an array has before its own: 1 where it is stacked.

    >>> stacked_axes(("stage1", "block02-block18", "conv1", "kernel"))
    1
    """
    return sum(map(is_joint, path))


def _changed(
    spec: ArchSpec | DetectorSpec,
    tree: Any,
    change: Callable[[Mapping[str, Any], Names], Mapping[str, Any]],
) -> Any:
    """Returns a tree with ``change`` applied to the blocks of each stage that has equal ones."""
    runs = _equal_names(spec)

    def changed(node: Any) -> Any:
        if not isinstance(node, dict):
            return node
        children = {name: changed(child) for name, child in node.items()}
        for group, names in runs:
            if isinstance(children.get(group), dict):
                children[group] = change(children[group], names)
        return children

    return jax.tree.map(changed, tree, is_leaf=lambda node: isinstance(node, dict))


def _equal_names(spec: ArchSpec | DetectorSpec) -> list[tuple[str, Names]]:
    """Returns the stage and the names of blocks that are equal, for each row of such."""
    sections = lowering.sections(spec.backbone if isinstance(spec, DetectorSpec) else spec)
    return [
        (equal[0].path[0], tuple(section.path[1] for section in equal))
        for equal in split(sections)
        if len(equal) > 1
    ]


def _stacked(*leaves: Any) -> Any:
    if any(isinstance(leaf, jax.core.Tracer) for leaf in leaves):
        return jnp.stack(leaves)
    return np.stack([np.asarray(leaf) for leaf in leaves])
