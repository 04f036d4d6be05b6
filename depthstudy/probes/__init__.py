"""Measurements of the mechanisms that are blamed for depth hurting, on any trained net."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from depthstudy.errors import InputError
from depthstudy.probes.subject import Measurement, NotApplicable, Probe, Subject

PROBES: Mapping[str, Probe] = {}


def measure(subject: Subject, names: Sequence[str] = ()) -> Iterator[tuple[str, Measurement]]:
    """Yields what each named probe measures; no names are all of them.

    A probe that cannot apply yields one measurement named ``"not_applicable: REASON"``.

    Raises:
      InputError: No such probe.
    """
    for name in names:
        if name not in PROBES:
            raise InputError(f"no probe {name!r}; allowed: {', '.join(PROBES)}")
    for name in names or PROBES:
        try:
            for measurement in PROBES[name].measure(subject):
                yield name, measurement
        except NotApplicable as reason:
            yield name, Measurement("", f"not_applicable: {reason}", 1.0)


__all__ = ["PROBES", "Measurement", "NotApplicable", "Probe", "Subject", "measure"]
