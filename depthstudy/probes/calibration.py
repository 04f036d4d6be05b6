"""Batch statistics for a net that has not been trained.

A fresh net's running mean is 0 and its running variance 1: in eval mode it does not normalize at
all, and so is not the net that training starts from. Probes that need eval mode give it the
statistics of a batch first.
"""

from __future__ import annotations

from collections.abc import Iterator

from depthstudy import nets
from depthstudy.nets import surgery
from depthstudy.probes.probe_input import ProbeInput


def states(probe_input: ProbeInput) -> Iterator[tuple[str, nets.Variables]]:
    """Yields the variables that eval-mode probes look at, each with the suffix of its metrics.

    The present variables have the suffix ``""``. The initial ones, where they are known, have
    ``"_initial"`` and get the statistics of one train batch.
    """
    yield "", probe_input.variables
    if probe_input.initial is not None:
        examples = next(probe_input.batches(probe_input.dataset.train))
        yield (
            "_initial",
            surgery.recalibrate_batch_norm(
                probe_input.network, probe_input.initial, [examples.images]
            ),
        )
