"""Measurements of the mechanisms that are blamed for depth hurting, on any trained net."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence

from depthstudy.config import present_name
from depthstudy.errors import InputError
from depthstudy.probes.backprop.gradients import GRADIENTS
from depthstudy.probes.backprop.isometry import ISOMETRY
from depthstudy.probes.backprop.shattering import SHATTERING
from depthstudy.probes.backprop.underflow import UNDERFLOW
from depthstudy.probes.blocks.bound_net import deletion_damage
from depthstudy.probes.blocks.deletion import DELETION, DELETION_REESTIMATED
from depthstudy.probes.density import DENSITY
from depthstudy.probes.field import FIELD
from depthstudy.probes.generalization import GENERALIZATION, MEMORIZATION
from depthstudy.probes.measurement import Measurement
from depthstudy.probes.probe_input import NotApplicable, Probe, ProbeInput, full_float32
from depthstudy.probes.representation import similarity
from depthstudy.probes.representation.linear import LINEAR
from depthstudy.probes.representation.rank import RANK
from depthstudy.probes.representation.similarity import CKA, CROSS_METRICS
from depthstudy.probes.sharpness import SHARPNESS
from depthstudy.probes.zero_cost import ZERO_COST
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
    "zero_cost": ZERO_COST,
}


def check(names: Sequence[str]) -> list[str]:
    """Returns the present names of probes, of which some may be those of an earlier version.

    >>> check(["gradients", "generalisation"])
    ['gradients', 'generalization']

    Raises:
      InputError: A name is no probe's; the message says which names are.
    """
    present = [present_name(name) for name in names]
    for name in present:
        if name not in PROBES:
            raise InputError(f"no probe {name!r}; allowed: {', '.join(PROBES)}")
    return present


def measure(
    probe_input: ProbeInput, names: Sequence[str] = ()
) -> Iterator[tuple[str, Measurement]]:
    """Yields each measurement of the named probes, with the name of its probe.

    A probe that cannot apply yields one measurement named ``"not_applicable: REASON"``.

    >>> from depthstudy import arch, config, data, nets
    >>> network = nets.Network(arch.build("plain", depth=8, layout="cifar", width=4))
    >>> digits = data.load(config.DataConfig(stream=False))
    >>> net = ProbeInput(network, {"params": {}}, digits)  # this probe reads no variables
    >>> for name, found in measure(net, ["field"]):
    ...     if not found.layer:
    ...         print(f"{name}: {found.metric} {found.value:.2f}")
    field: receptive_field 25.00
    field: convolutions 7.00
    field: convolutions_past_border 3.00
    field: share_past_border 0.43

    Args:
      probe_input: A net with its variables and data.
      names: Probes, of ``PROBES``; none are all of them.

    Raises:
      InputError: No such probe.
    """
    for name in check(names) or PROBES:
        for measurement in _measured(PROBES[name], probe_input):
            yield name, measurement


def measure_between(first: ProbeInput, second: ProbeInput) -> Iterator[Measurement]:
    """Yields the CKA of every layer of one net with every layer of another, as ``"A ~ B"``.

    Where it cannot apply, there is one measurement named ``"not_applicable: REASON"``.
    """
    between = dataclasses.replace(CKA, measure=lambda _: similarity.measure_between(first, second))
    yield from _measured(between, first)


def _measured(probe: Probe, probe_input: ProbeInput) -> list[Measurement]:
    """Returns what a probe measures, up to where it finds that it cannot apply."""
    measurements: list[Measurement] = []
    with full_float32():  # not around a yield, whose caller it would change
        try:
            for measurement in _measurements(probe, probe_input):
                measurements.append(measurement)  # one by one, as what comes before an error stays
        except NotApplicable as reason:
            measurements.append(Measurement("", f"{NOT_APPLICABLE}{reason}", 1.0))
    return measurements


def _measurements(probe: Probe, probe_input: ProbeInput) -> Iterable[Measurement]:
    dataset = probe_input.dataset
    if probe.labels and not dataset.labeled:
        raise NotApplicable("the images have no labels")
    logits = probe_input.network.num_classes
    if logits < probe.logits:
        has = "no head" if logits == 0 else "one logit"
        raise NotApplicable(f"the net has {has}, and this is about {probe.logits} or more")
    images = min(len(dataset.train), probe_input.examples)
    if images < probe.images:
        raise NotApplicable(
            f"{images} of {probe.images} images: with fewer its numbers say more of the images "
            "than of the net"
        )
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
