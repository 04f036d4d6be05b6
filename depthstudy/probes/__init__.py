"""Measurements of the mechanisms that are blamed for depth hurting, on any trained net."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from depthstudy.errors import InputError
from depthstudy.probes.deletion import DELETION, DELETION_REESTIMATED, deletion_damage
from depthstudy.probes.density import DENSITY
from depthstudy.probes.field import FIELD
from depthstudy.probes.generalization import GENERALIZATION, MEMORIZATION
from depthstudy.probes.gradients import GRADIENTS
from depthstudy.probes.isometry import ISOMETRY
from depthstudy.probes.linear import LINEAR
from depthstudy.probes.probe_input import (
    Measurement,
    NotApplicable,
    Probe,
    ProbeInput,
)
from depthstudy.probes.rank import RANK
from depthstudy.probes.sharpness import SHARPNESS
from depthstudy.probes.shattering import SHATTERING
from depthstudy.probes.similarity import CKA, CROSS_METRICS, measure_between
from depthstudy.probes.underflow import UNDERFLOW
from depthstudy.records import NOT_APPLICABLE

PROBES: Mapping[str, Probe] = {
    "generalization": GENERALIZATION,
    "memorization": MEMORIZATION,
    "gradients": GRADIENTS,
    "underflow": UNDERFLOW,
    "shattering": SHATTERING,
    "isometry": ISOMETRY,
    "sharpness": SHARPNESS,
    "cka": CKA,
    "deletion": DELETION,
    "deletion_reestimated": DELETION_REESTIMATED,
    "linear": LINEAR,
    "rank": RANK,
    "density": DENSITY,
    "field": FIELD,
}


def check(names: Sequence[str]) -> None:
    """Raises InputError, with what is allowed, where a name is no probe."""
    for name in names:
        if name not in PROBES:
            raise InputError(f"no probe {name!r}; allowed: {', '.join(PROBES)}")


def measure(
    probe_input: ProbeInput, names: Sequence[str] = ()
) -> Iterator[tuple[str, Measurement]]:
    """Yields what each named probe measures, with its name; no names are all of them.

    A probe that cannot apply yields one measurement named ``"not_applicable: REASON"``.

    Raises:
      InputError: No such probe.
    """
    check(names)
    for name in names or PROBES:
        try:
            for measurement in _measured(PROBES[name], probe_input):
                yield name, measurement
        except NotApplicable as reason:
            yield name, Measurement("", f"{NOT_APPLICABLE}{reason}", 1.0)


def _measured(probe: Probe, probe_input: ProbeInput) -> Iterable[Measurement]:
    if probe.labels and not probe_input.dataset.labeled:
        raise NotApplicable("the images have no labels")
    return probe.measure(probe_input)


__all__ = [
    "CROSS_METRICS",
    "PROBES",
    "Measurement",
    "NotApplicable",
    "Probe",
    "ProbeInput",
    "check",
    "deletion_damage",
    "measure",
    "measure_between",
]
