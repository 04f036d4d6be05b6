"""Errors and memorization, counted by hand beside the probe."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special

from depthstudy import arch, nets
from depthstudy.config import DataConfig
from depthstudy.data import Dataset, Split, load
from depthstudy.probes import generalization
from depthstudy.probes.probe_input import NotApplicable, ProbeInput


@pytest.fixture(scope="module")
def noisy() -> Dataset:
    return load(DataConfig(stream=False, label_noise=0.3, train_examples=200, validation=0.0))


def made(dataset: Dataset, make: Callable, family: str, norm: str, **options: int) -> ProbeInput:
    network = nets.Network(arch.build(family, depth=8, layout="cifar", norm=norm, width=4))
    variables = make(network.spec)
    return ProbeInput(network, variables, dataset, **options)  # type: ignore[arg-type]


def logits_of(probe_input: ProbeInput, split: Split) -> tuple[np.ndarray, np.ndarray]:
    images, labels = split.read(np.arange(len(split)))
    images = (images / 255 - probe_input.dataset.mean) / probe_input.dataset.std
    logits = jax.jit(probe_input.network.apply)(probe_input.variables, jnp.asarray(images))
    return np.asarray(logits), labels


@pytest.mark.parametrize(("family", "norm"), [("plain", "none"), ("resnet", "batch")])
def test_errors_and_losses(noisy: Dataset, make: Callable, family: str, norm: str) -> None:
    probe_input = made(noisy, make, family, norm, batch_size=64)
    result = {m.metric: m.value for m in generalization.GENERALIZATION.measure(probe_input)}
    for name, split in (("train", noisy.train), ("test", noisy.test)):
        logits, labels = logits_of(probe_input, split)
        losses = -scipy.special.log_softmax(logits, axis=1)[np.arange(len(labels)), labels]
        assert result[f"{name}_error"] == pytest.approx(
            np.mean(logits.argmax(1) != labels), abs=1e-6
        )
        assert result[f"{name}_loss"] == pytest.approx(losses.mean(), rel=1e-4)
    assert result["gap"] == pytest.approx(result["test_error"] - result["train_error"])
    assert result["loss_gap"] == pytest.approx(result["test_loss"] - result["train_loss"])


def test_memorization(noisy: Dataset, make: Callable) -> None:
    """Of 200 labels 60 are wrong; they do not fill the last batch."""
    probe_input = made(noisy, make, "resnet", "batch", batch_size=25)
    result = {m.metric: m.value for m in generalization.MEMORIZATION.measure(probe_input)}
    logits, labels = logits_of(probe_input, noisy.train)
    guess, true = logits.argmax(1), noisy.train.true_labels
    wrong = [i for i in range(200) if labels[i] != true[i]]
    assert len(wrong) == 60
    memorized = sum(guess[i] == labels[i] for i in wrong) / 60
    recovered = sum(guess[i] == true[i] for i in wrong) / 60
    assert result == {
        "memorized_share": pytest.approx(memorized),
        "recovered_share": pytest.approx(recovered),
    }
    assert memorized + recovered > 0


def test_a_net_that_says_one_class_memorizes_that_share(noisy: Dataset, make: Callable) -> None:
    probe_input = made(noisy, make, "plain", "none", batch_size=50)
    params = jax.tree.map(lambda x: 0 * x, dict(probe_input.variables["params"]))
    params["head"]["dense"]["bias"] = jnp.zeros(10).at[3].set(1)
    probe_input = dataclasses.replace(probe_input, variables={"params": params})
    result = {m.metric: m.value for m in generalization.MEMORIZATION.measure(probe_input)}
    labels, true = noisy.train.labels, noisy.train.true_labels
    wrong = labels != true
    assert result["memorized_share"] == pytest.approx(np.mean(labels[wrong] == 3))
    assert result["recovered_share"] == pytest.approx(np.mean(true[wrong] == 3))


def test_memorization_needs_noise(digits: Dataset, make: Callable) -> None:
    with pytest.raises(NotApplicable, match="label_noise"):
        list(generalization.MEMORIZATION.measure(made(digits, make, "plain", "none")))
