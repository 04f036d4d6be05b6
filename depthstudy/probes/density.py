"""How much of a net is left when weights are pruned: the share of each kernel that is not zero.

Masked weights save nothing by themselves: the net does the same work with zeros.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from flax import traverse_util

from depthstudy.probes.measurement import Measurement
from depthstudy.probes.probe_input import NotApplicable, Probe, ProbeInput
from depthstudy.records import Metric


def measure(probe_input: ProbeInput) -> Iterator[Measurement]:
    """Yields ``density`` of each kernel that pruning may touch, and ``sparsity`` of them together.

    The stem and the classifier are left out, as they are by default in pruning.

    Raises:
      NotApplicable: No weight is zero.
    """
    flat = traverse_util.flatten_dict(probe_input.variables["params"])
    kept = {
        "/".join(path[:-1]): np.asarray(leaf) != 0
        for path, leaf in flat.items()
        if path[-1] == "kernel" and path[0] != "stem" and path[:2] != ("head", "dense")
    }
    left, size = (sum(map(count, kept.values())) for count in (np.count_nonzero, np.size))
    if left == size:
        raise NotApplicable("no weight is zero")
    for layer, mask in kept.items():
        yield Measurement(layer, "density", float(mask.mean()))
    yield Measurement("", "sparsity", 1 - left / size)


DENSITY = Probe(
    title="Weights that pruning has left",
    description="share of each kernel's weights that pruning has left",
    measure=measure,
    metrics=(
        Metric(
            name="density",
            title="Weights left",
            unit="fraction",
            per_layer=True,
            description="share of a layer's weights that are not zero",
        ),
        Metric(
            name="sparsity",
            title="Sparsity",
            unit="fraction",
            description="share of all weights that are zero, stem and classifier left out",
        ),
    ),
)
