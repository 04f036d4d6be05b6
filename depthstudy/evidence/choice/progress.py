"""What a search has found after so many nets, and how deep that is."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from depthstudy.records import SearchedNet, SearchProgress


def progress(nets: Sequence[SearchedNet]) -> list[SearchProgress]:
    """Returns the best net so far of each method over all strata, as means over repeats.

    Args:
      nets: What was tried; of each stratum the first net is met, then of each the second.

    Returns:
      By method, a row for each number of nets that every stratum and repeat has.
    """
    rows = []
    for method in dict.fromkeys(net.method for net in nets):
        method_nets = [net for net in nets if net.method == method]
        repeats = [
            _in_steps([n for n in method_nets if n.repeat == r])
            for r in _values(method_nets, "repeat")
        ]
        for trained in range(1, min(map(len, repeats)) + 1):
            best = [_least([net for step in steps[:trained] for net in step]) for steps in repeats]
            rows.append(
                SearchProgress(
                    method=method,
                    trained=trained,
                    validation_error=statistics.fmean(net.validation_error for net in best),
                    depth=statistics.fmean(net.depth for net in best),
                    repeats=len(best),
                )
            )
    return rows


def _values(nets: Sequence[SearchedNet], field: str) -> list[object]:
    return list(dict.fromkeys(getattr(net, field) for net in nets))


def _in_steps(nets: Sequence[SearchedNet]) -> list[list[SearchedNet]]:
    """Returns the first nets of all strata of a repeat, then the second ones, and so on."""
    lists = [
        sorted((net for net in nets if net.stratum == stratum), key=lambda net: net.trial)
        for stratum in _values(nets, "stratum")
    ]
    return [list(step) for step in zip(*lists, strict=False)]


def _least(nets: Sequence[SearchedNet]) -> SearchedNet:
    return min(nets, key=lambda net: (math.isnan(net.validation_error), net.validation_error))
