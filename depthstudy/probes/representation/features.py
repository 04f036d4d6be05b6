"""Outputs of the layers of a net, a batch at a time, reduced before they leave the device.

The reduction is compiled together with the net, so that outputs that it has used are freed while
the net still runs.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax

from depthstudy import nets
from depthstudy.probes.probe_input import Examples, ProbeInput

Reduction = Callable[..., Any]  # of outputs [B, ...], weights [B], and what is given of the layer


def of(
    probe_input: ProbeInput,
    examples: Examples,
    reduction: Reduction,
    given: Mapping[str, tuple[Any, ...]] | None = None,
) -> dict[str, Any]:
    """Returns the reduction of each layer's output, by layer, in the order of the net.

    Args:
      probe_input: The net; its ``layers`` chooses.
      examples: A batch.
      reduction: A pure function of outputs and weights of the images; a module-level one is
        compiled once for each architecture.
      given: Further arguments of the reduction, by layer.

    Raises:
      NotApplicable: No layer matches.
    """
    names, network = probe_input.layer_names, probe_input.network
    further = [given[name] if given else () for name in names]
    reduced = _reduced(network, names, reduction, probe_input.variables, examples, further)
    return dict(zip(names, reduced, strict=True))


@functools.partial(jax.jit, static_argnames=("network", "names", "reduction"))
def _reduced(
    network: nets.Net,
    names: tuple[str, ...],
    reduction: Reduction,
    variables: nets.Variables,
    examples: Examples,
    further: Sequence[tuple[Any, ...]],
) -> list[Any]:
    _, outputs = nets.outputs(network, variables, examples.images)
    return [
        reduction(outputs[name], examples.weights, *arguments)
        for name, arguments in zip(names, further, strict=True)
    ]
