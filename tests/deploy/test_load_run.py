"""A run's net is loaded from its folder alone, and sees images as it did in training."""

from __future__ import annotations

import dataclasses
import functools
import logging
from pathlib import Path

import jax
import numpy as np
import pytest

from depthstudy import arch, deploy, nets
from depthstudy.analysis import opening
from depthstudy.config import DataConfig
from depthstudy.data import Dataset, Datasets
from depthstudy.errors import InputError
from depthstudy.store import RunInfo, RunStore

SPEC = arch.build("plain", depth=8, layout="cifar", width=4)
MEAN, STD = 0.5, 0.25


def write_run(folder: Path, dataset: Dataset, data_name: str, *, stores_moments: bool) -> RunStore:
    """Writes a run of two checkpoints, of nets that were drawn."""
    gray = dataclasses.replace(dataset, mean=np.float32([MEAN]), std=np.float32([STD]))
    info = RunInfo(
        study="s",
        variant="v",
        seed=0,
        arch=SPEC.to_json(),
        config={"data": {"name": data_name}, "train": {"steps": 40}},
        dataset=dataset.name,
        image_shape=dataset.image_shape,
        class_names=dataset.class_names,
        preprocessing=gray.preprocessing.to_dict() if stores_moments else None,
    )
    run = RunStore.of(folder, "v", 0)
    run.write_info(info)
    writer = run.open_checkpoint_writer()
    for step in (30, 40):
        writer.save(step, drawn(step), info)
    writer.close()
    return run


@functools.cache
def drawn(seed: int) -> nets.Variables:
    return nets.init(nets.build(SPEC), jax.random.key(seed), (8, 8, 1))


def test_a_net_is_loaded_without_the_images_of_its_run(tmp_path: Path, digits: Dataset) -> None:
    run = write_run(tmp_path, digits, "no_such_set", stores_moments=True)
    images = digits.test.read(np.arange(5)).images
    for step, seed in ((None, 40), (30, 30)):
        net = deploy.load_run(run.folder, step)
        network, variables, preprocessing = net.network, net.variables, net.preprocessing
        jax.tree.map(np.testing.assert_array_equal, variables, drawn(seed))
        assert (preprocessing.mean, preprocessing.std) == ((MEAN,), (STD,))
        assert preprocessing.resize == "crop"
        assert net.classes == digits.class_names
        expected = network.apply(drawn(seed), (images.astype(np.float32) / 255 - MEAN) / STD)
        logits = deploy.load_run(run.folder, step).logits(images)
        np.testing.assert_allclose(logits, expected, atol=1e-6)


def test_a_run_that_stored_no_moments_has_those_of_its_images(
    tmp_path: Path, digits: Dataset
) -> None:
    run = write_run(tmp_path, digits, "digits", stores_moments=False)
    assert deploy.load_run(run.folder).preprocessing == digits.preprocessing


def test_moments_of_another_set_do_not_change_what_a_net_sees(
    tmp_path: Path, digits: Dataset
) -> None:
    run = write_run(tmp_path, digits, "digits", stores_moments=True)
    logits = []
    for moment in (0.1, 0.9):
        other = np.float32([moment])
        datasets = Datasets({DataConfig(): dataclasses.replace(digits, mean=other, std=other)})
        probe_input = opening.open_run(run.folder, None, 20, datasets).probe_input
        batch = next(probe_input.batches(probe_input.dataset.test))
        logits.append(probe_input.network.apply(probe_input.variables, batch.images))
    np.testing.assert_array_equal(logits[0], logits[1])
    images = digits.test.read(np.arange(len(digits.test))).images
    everything = deploy.load_run(run.folder).logits(images)
    for row in np.asarray(logits[0])[:20]:  # a probe's examples are some of the test split
        assert np.abs(everything - row).max(axis=1).min() < 1e-4


@pytest.mark.parametrize(
    ("folder", "step", "message"),
    [
        ("absent", None, "holds no run; a run folder is as results/NAME"),
        ("runs/v/seed0", 31, "has no checkpoint at step 31; its checkpoints: 30, 40"),
        ("runs/new/seed0", None, "has no checkpoint; it has none yet"),
    ],
)
def test_what_cannot_be_loaded_is_named(
    folder: str, step: int | None, message: str, tmp_path: Path, digits: Dataset
) -> None:
    run = write_run(tmp_path, digits, "no_such_set", stores_moments=True)
    info = run.read_info()
    assert info is not None
    RunStore.of(tmp_path, "new", 0).write_info(info)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError, match=message):
        deploy.load_run(tmp_path / folder, step)
    with pytest.raises(InputError, match=message):  # before any image is looked for
        opening.open_run(tmp_path / folder, step, 20, {})
    assert sorted(tmp_path.rglob("*")) == before


def test_a_damaged_checkpoint_is_named_and_the_one_before_is_taken(
    tmp_path: Path, digits: Dataset, caplog: pytest.LogCaptureFixture
) -> None:
    run = write_run(tmp_path, digits, "no_such_set", stores_moments=True)
    path = run.folder / "checkpoints/40/state/variables.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    before = sorted(tmp_path.rglob("*"))
    with caplog.at_level(logging.WARNING):
        loaded = deploy.load_run(run.folder)
    jax.tree.map(np.testing.assert_array_equal, loaded.variables, drawn(30))
    (warning,) = caplog.messages
    damage = f"{path} is not as it was written: its hash is another"
    assert warning == f"{damage}; the one before it is taken"
    with pytest.raises(InputError, match="its hash is another; other checkpoints of the run: 30"):
        deploy.load_run(run.folder, 40)
    (run.folder / "checkpoints/30/state/variables.safetensors").unlink()
    with pytest.raises(InputError, match=r"is missing; other .*: none that is whole"):
        deploy.load_run(run.folder)
    assert len(sorted(tmp_path.rglob("*"))) == len(before) - 1  # a reader moves nothing
