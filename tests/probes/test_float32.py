"""Probes multiply in float32, where a TPU or GPU would round factors by default."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import pytest

from depthstudy import arch, nets, probes
from depthstudy.data import Dataset
from depthstudy.nets.convolution.module import convolve
from depthstudy.probes.probe_input import full_float32

SPEC = arch.build("resnet", depth=8, layout="cifar", width=3)


def precision() -> str | None:
    return jax.config.jax_default_matmul_precision


@pytest.fixture
def probe_input(digits: Dataset, make: Callable) -> probes.ProbeInput:
    return probes.ProbeInput(nets.build(SPEC), make(SPEC), digits, examples=20, batch_size=20)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The precision in which the net is applied, as it is traced."""
    precisions, apply = [], nets.Network.apply

    def spy(*given: Any, **named: Any) -> Any:
        precisions.append(precision())
        return apply(*given, **named)

    monkeypatch.setattr(nets.Network, "apply", spy)
    return precisions


def test_a_probe_multiplies_in_float32_and_whoever_takes_its_numbers_as_before(
    monkeypatch: pytest.MonkeyPatch, probe_input: probes.ProbeInput
) -> None:
    def measure(_: probes.ProbeInput) -> Iterator[probes.Measurement]:
        yield probes.Measurement("", str(precision()), 1.0)
        yield probes.Measurement("", str(precision()), 1.0)
        raise probes.NotApplicable("of the rest")

    probe = probes.Probe(title="", description="", measure=measure, metrics=())
    monkeypatch.setitem(probes.PROBES, "seen", probe)
    rows = []
    for _, measurement in probes.measure(probe_input, ["seen"]):
        rows.append((measurement.metric, precision()))
    assert rows == [("highest", None), ("highest", None), ("not_applicable: of the rest", None)]


def test_what_a_deletion_damages_is_measured_in_float32(
    probe_input: probes.ProbeInput, seen: list[str | None]
) -> None:
    probes.deletion_damage(probe_input)
    assert set(seen) == {"highest"}


def test_nets_are_compared_in_float32(
    probe_input: probes.ProbeInput, seen: list[str | None]
) -> None:
    next(probes.measure_between(probe_input, probe_input))
    assert set(seen) == {"highest"}
    assert precision() is None


@pytest.mark.parametrize("nets_at_once", [1, 2])
def test_convolutions_on_a_gpu_heed_it(nets_at_once: int) -> None:
    """Their primitive is made into those of XLA only when a program is lowered."""

    def loss(x: jax.Array, w: jax.Array) -> jax.Array:
        return jnp.sum(convolve(x, w, 2, platform="gpu") ** 2)

    gradients = jax.vmap(jax.grad(loss, (0, 1)))
    x, w = jnp.ones((nets_at_once, 2, 8, 8, 16)), jnp.ones((nets_at_once, 3, 3, 16, 32))
    with full_float32():
        lowered = jax.jit(gradients).trace(x, w).lower(lowering_platforms=("cuda",)).as_text()
    lines = [line for line in lowered.splitlines() if "stablehlo.convolution" in line]
    assert len(lines) >= 3
    assert all("precision HIGHEST, precision HIGHEST" in line.replace("#stablehlo<", "")
               .replace(">", "") for line in lines)  # fmt: skip
