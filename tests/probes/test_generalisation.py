"""Errors and memorisation, counted by hand beside the probe."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special

from depthstudy import arch, nets
from depthstudy.config import DataConfig
from depthstudy.data import Dataset, Split, load
from depthstudy.probes import generalisation
from depthstudy.probes.subject import NotApplicable, Subject


@pytest.fixture(scope="module")
def noisy() -> Dataset:
    return load(DataConfig(stream=False, label_noise=0.3, train_examples=200))


def made(dataset: Dataset, make: Callable, family: str, norm: str, **options: int) -> Subject:
    network = nets.Network(arch.build(family, depth=8, layout="cifar", norm=norm, width=4))
    variables = make(network.spec)
    return Subject(network, variables, dataset, **options)  # type: ignore[arg-type]


def logits_of(subject: Subject, split: Split) -> tuple[np.ndarray, np.ndarray]:
    images, labels = split.read(np.arange(len(split)))
    images = (images / 255 - subject.dataset.mean) / subject.dataset.std
    logits = jax.jit(subject.network.apply)(subject.variables, jnp.asarray(images))
    return np.asarray(logits), labels


@pytest.mark.parametrize(("family", "norm"), [("plain", "none"), ("resnet", "batch")])
def test_errors_and_losses(noisy: Dataset, make: Callable, family: str, norm: str) -> None:
    subject = made(noisy, make, family, norm, batch_size=64)
    found = {m.metric: m.value for m in generalisation.GENERALISATION.measure(subject)}
    for name, split in (("train", noisy.train), ("test", noisy.test)):
        logits, labels = logits_of(subject, split)
        losses = -scipy.special.log_softmax(logits, axis=1)[np.arange(len(labels)), labels]
        assert found[f"{name}_error"] == pytest.approx(
            np.mean(logits.argmax(1) != labels), abs=1e-6
        )
        assert found[f"{name}_loss"] == pytest.approx(losses.mean(), rel=1e-4)
    assert found["gap"] == pytest.approx(found["test_error"] - found["train_error"])
    assert found["loss_gap"] == pytest.approx(found["test_loss"] - found["train_loss"])


def test_memorisation(noisy: Dataset, make: Callable) -> None:
    """Of 200 labels 60 are wrong; they do not fill the last batch."""
    subject = made(noisy, make, "resnet", "batch", batch_size=25)
    found = {m.metric: m.value for m in generalisation.MEMORISATION.measure(subject)}
    logits, labels = logits_of(subject, noisy.train)
    guess, true = logits.argmax(1), noisy.train.true_labels
    wrong = [i for i in range(200) if labels[i] != true[i]]
    assert len(wrong) == 60
    memorised = sum(guess[i] == labels[i] for i in wrong) / 60
    recovered = sum(guess[i] == true[i] for i in wrong) / 60
    assert found == {
        "memorised_share": pytest.approx(memorised),
        "recovered_share": pytest.approx(recovered),
    }
    assert memorised + recovered > 0


def test_a_net_that_says_one_class_memorises_that_share(noisy: Dataset, make: Callable) -> None:
    subject = made(noisy, make, "plain", "none", batch_size=50)
    params = jax.tree.map(lambda x: 0 * x, dict(subject.variables["params"]))
    params["head"]["dense"]["bias"] = jnp.zeros(10).at[3].set(1)
    subject = Subject(**{**vars(subject), "variables": {"params": params}})
    found = {m.metric: m.value for m in generalisation.MEMORISATION.measure(subject)}
    labels, true = noisy.train.labels, noisy.train.true_labels
    wrong = labels != true
    assert found["memorised_share"] == pytest.approx(np.mean(labels[wrong] == 3))
    assert found["recovered_share"] == pytest.approx(np.mean(true[wrong] == 3))


def test_memorisation_needs_noise(digits: Dataset, make: Callable) -> None:
    with pytest.raises(NotApplicable, match="label_noise"):
        list(generalisation.MEMORISATION.measure(made(digits, make, "plain", "none")))
