"""What float16 loses of gradients, against a net of one layer whose gradient is known."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
import scipy.special

from depthstudy import arch, nets
from depthstudy.data import Dataset
from depthstudy.probes.backprop import underflow
from depthstudy.probes.probe_input import NotApplicable, ProbeInput


def one_layer(dataset: Dataset, make: Callable, factor: float = 1.0) -> ProbeInput:
    """A convolution, an average and a dense layer; ``factor`` is of the dense layer's kernel."""
    spec = arch.build("plain", depth=8, layout="cifar", width=8, norm="none", activation="linear")
    spec = dataclasses.replace(spec, stages=())
    variables = make(spec)
    variables["params"]["head"]["dense"]["kernel"] *= factor
    return ProbeInput(nets.Network(spec), variables, dataset, examples=32, batch_size=32)


def expected(probe_input: ProbeInput, scale: float) -> np.ndarray:
    """The gradient as float16 has it: of the average's input rounded, then its sum rounded."""
    batch = next(probe_input.batches(probe_input.dataset.train))
    x = np.asarray(batch.images, np.float64)
    params = probe_input.variables["params"]
    padded = np.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)])
    windows = np.stack([padded[:, i : i + 8, j : j + 8, 0] for i in range(3) for j in range(3)])
    kernel = np.asarray(params["stem"]["conv"]["kernel"], np.float64).reshape(9, 8)
    means = np.einsum("kbhw,kf->bf", windows, kernel) / 64
    dense = np.asarray(params["head"]["dense"]["kernel"], np.float64)
    p = scipy.special.softmax(means @ dense, axis=-1)
    of_means = (p - np.eye(10)[np.asarray(batch.labels)]) @ dense.T / 32
    of_pixels = (scale * of_means / 64).astype(np.float16).astype(np.float64)
    sums = np.einsum("kbhw,bf->kf", windows, of_pixels)
    return sums.astype(np.float16).reshape(3, 3, 1, 8)


@pytest.mark.parametrize("factor", [0.05, 0.002])
def test_a_layer_by_hand(digits: Dataset, make: Callable, factor: float) -> None:
    probe_input = one_layer(digits, make, factor)
    result = {(m.layer, m.metric): m.value for m in underflow.measure(probe_input)}
    assert result["", "loss_scale"] == 2.0**15
    for suffix, scale in (("", 1.0), ("_scaled", 2.0**15)):
        half = np.abs(expected(probe_input, scale))
        small, zero = np.mean(half < 2.0**-14), np.mean(half == 0)
        for layer in ("stem/conv", ""):
            assert result[layer, f"underflow{suffix}"] == pytest.approx(small, abs=0.02)
            assert result[layer, f"underflow_to_zero{suffix}"] == pytest.approx(zero, abs=0.05)
    # The case is one: float16 loses something, and scaling saves it.
    assert result["", "underflow"] > 0.05
    assert result["", "underflow_scaled"] < 0.02


def test_shares_by_hand() -> None:
    exact = np.array([1.0, 2e-5, 1e-8, 0.0, -3e-5])
    result = underflow.shares(exact, exact.astype(np.float16))
    assert result == (3 / 4, 1 / 4)  # the fourth was 0 already


def test_a_scale_that_overflows_is_halved(digits: Dataset, make: Callable) -> None:
    probe_input = one_layer(digits, make, 400.0)
    result = {(m.layer, m.metric): m.value for m in underflow.measure(probe_input)}
    scale = result["", "loss_scale"]
    assert np.all(np.isfinite(expected(probe_input, scale)))
    with np.errstate(over="ignore"):
        assert not np.all(np.isfinite(expected(probe_input, 2 * scale)))


def test_what_float16_cannot_run_is_said(digits: Dataset, make: Callable) -> None:
    probe_input = one_layer(digits, make)
    variables = {"params": {**probe_input.variables["params"]}}
    kernel = variables["params"]["stem"]["conv"]["kernel"]
    variables["params"]["stem"] = {**variables["params"]["stem"], "conv": {
        **variables["params"]["stem"]["conv"], "kernel": 1e6 * kernel,
    }}  # fmt: skip
    with pytest.raises(NotApplicable, match="not finite in float16"):
        list(underflow.measure(dataclasses.replace(probe_input, variables=variables)))
