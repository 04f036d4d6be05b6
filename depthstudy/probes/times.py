"""When a net is measured: before training, early on and at the end, each with its suffix."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from depthstudy import nets
from depthstudy.probes.measurement import Measurement
from depthstudy.probes.probe_input import NotApplicable

BEFORE_AND_AFTER = ("_initial", "")  # suffixes of metrics that are measured at both times
ALL_TIMES = ("_initial", "_early", "")


def at_each_time(
    states: Iterable[tuple[str, nets.Variables | None]],
    measure_at: Callable[[str, nets.Variables], Iterable[Measurement]],
) -> Iterator[Measurement]:
    """Yields what is measured at several times; one at which nothing can be bars no other.

    Args:
      states: Suffix of the metrics of each time, and the variables, ``None`` where not known.
      measure_at: Measures them.

    Raises:
      NotApplicable: At the end, for the first reason why something could not be measured.
    """
    refusals = []
    for suffix, variables in states:
        if variables is None:
            continue
        try:
            yield from measure_at(suffix, variables)
        except NotApplicable as refusal:
            refusals.append(refusal)
    if refusals:
        raise refusals[0]
