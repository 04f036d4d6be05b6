"""Outputs of the layers of a net, a batch at a time, reduced before they leave the device.

The reduction is compiled together with the net, so that outputs that it has used are freed while
the net still runs.
"""

from __future__ import annotations

import fnmatch
import functools
from collections.abc import Callable
from typing import Any

import jax
from jaxtyping import Array, Float, Float32

from depthstudy import nets
from depthstudy.probes.probe_input import (
    Examples,
    NotApplicable,
    ProbeInput,
    path_sorted,
)

Reduction = Callable[[Float[Array, "B ..."], Float32[Array, " B"]], Any]


def of(probe_input: ProbeInput, examples: Examples, reduction: Reduction) -> dict[str, Any]:
    """Returns the reduction of each layer's output, by layer, in the order of the net.

    Args:
      probe_input: The net; its ``layers`` chooses.
      examples: A batch.
      reduction: A pure function of outputs and weights of the images; a module-level one is
        compiled once for each architecture.

    Raises:
      NotApplicable: No layer matches.
    """
    network = nets.Network(probe_input.spec)
    reduced = _reduced(network, probe_input.layers, reduction, probe_input.variables, examples)
    if not reduced:
        raise NotApplicable(f"no layer matches {probe_input.layers!r}")
    return {name: reduced[name] for name in path_sorted(reduced)}


def matches(name: str, pattern: str) -> bool:
    """Returns whether a path matches one of the patterns, which commas separate.

    As in a shell, ``*`` stands for no slash: ``"stage*/block*"`` is blocks, not what is in them.

    >>> matches("stage1/block02", "stem,stage*/block*")
    True
    >>> matches("stage1/block02/conv1", "stem,stage*/block*")
    False
    """
    parts = name.split("/")
    for single in pattern.split(","):
        globs = single.split("/")
        if name and len(parts) == len(globs) and all(map(fnmatch.fnmatchcase, parts, globs)):
            return True
    return False


@functools.partial(jax.jit, static_argnames=("network", "pattern", "reduction"))
def _reduced(
    network: nets.Network,
    pattern: str,
    reduction: Reduction,
    variables: nets.Variables,
    examples: Examples,
) -> dict[str, Any]:
    _, named = nets.outputs(network, variables, examples.images)
    return {
        name: reduction(x, examples.weights) for name, x in named.items() if matches(name, pattern)
    }
