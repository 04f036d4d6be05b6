"""Both placements give the numbers that they should, on 8 simulated devices."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import numpy as np
import pytest
from jax.sharding import Mesh

from depthstudy import arch, train
from depthstudy.config import DataConfig, TrainConfig
from depthstudy.data import Dataset, batch_at
from depthstudy.errors import InputError
from depthstudy.train.evaluation import evaluate
from depthstudy.train.placement import choice
from depthstudy.train.placement.placements import Jit, Placement, Pmap

CONFIG = TrainConfig(batch_size=32, eval_batch_size=64, steps=4, learning_rate=0.05)
SPEC = arch.build("resnet", depth=8, layout="cifar", width=4)


@dataclasses.dataclass(frozen=True)
class Device:
    """What is asked of a device of another host."""

    id: int
    process_index: int


def trained(placement: Placement, dataset: Dataset, *groups: tuple[int, ...]) -> list[Any]:
    """Returns the variables of each seed after four steps, a group of seeds at once."""
    program = train.build(SPEC, DataConfig(shift=1), CONFIG, dataset, placement)
    variables: list[Any] = []
    for seeds in groups:
        states = placement.place([train.initial(program, seed) for seed in seeds])
        batches = placement.train_batches(dataset, batch_size=32, seeds=seeds, start=0, stop=4)
        for batch in batches:
            states = program.train_step(states, batch)
        variables += [each.state.variables for each in placement.fetch(states, len(seeds))]
    return variables


def one_device() -> Jit:
    return Jit(Mesh(np.array(jax.devices()[:1]), ("batch",)))


@pytest.fixture(scope="module")
def alone(digits: Dataset) -> list[Any]:
    """Returns the variables that each of three seeds comes to by itself."""
    return trained(one_device(), digits, (0,), (1,), (2,))


def assert_close(actual: Any, expected: Any, tolerance: float) -> None:
    for a, b in zip(jax.tree.leaves(actual), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, atol=tolerance)


def test_eight_devices_are_there() -> None:
    assert jax.device_count() == 8


@pytest.mark.slow
def test_jit_on_eight_devices_is_jit_on_one(digits: Dataset, alone: list[Any]) -> None:
    """Batch statistics are those of the whole batch, or this would not hold."""
    (spread,) = trained(Jit(Mesh(np.array(jax.devices()), ("batch",))), digits, (2,))
    assert_close(spread, alone[2], 1e-4)


def test_a_step_on_cpus_has_ended_before_the_next_begins(digits: Dataset) -> None:
    """Many in flight, of which each waits for threads that others hold, would wait forever."""
    placement = Jit(Mesh(np.array(jax.devices()), ("batch",)))
    program = train.build(SPEC, DataConfig(shift=1), CONFIG, digits, placement)
    states = placement.place([train.initial(program, 0)])
    for batch in placement.train_batches(digits, batch_size=32, seeds=(0,), start=0, stop=4):
        states = program.train_step(states, batch)
        assert all(x.is_ready() for x in jax.tree.leaves(states))


@pytest.mark.parametrize(("devices", "per_device"), [(3, 1), (2, 2)])
def test_a_population_is_its_seeds_one_by_one(
    digits: Dataset, alone: list[Any], devices: int, per_device: int
) -> None:
    """Three seeds: one on each of three devices, or two on each of two with one to spare."""
    population = trained(Pmap(tuple(jax.devices()[:devices]), per_device), digits, (0, 1, 2))
    for variables, expected in zip(population, alone, strict=True):
        assert_close(variables, expected, 1e-4)
    first, second = (jax.tree.leaves(variables["params"])[0] for variables in population[:2])
    assert np.abs(first - second).max() > 0.01


def test_each_device_has_the_images_of_its_seeds_alone(digits: Dataset) -> None:
    """A batch that came by way of the first device would be sent on from there at each step."""
    devices = tuple(jax.devices()[2:4])
    placement = Pmap(devices, 2)
    (batch,) = placement.train_batches(digits, batch_size=8, seeds=(0, 1, 2), start=5, stop=6)
    assert batch.images.shape == (2, 2, 8, 8, 8, 1)
    for part, device, seeds in zip(
        batch.images.addressable_shards, devices, ((0, 1), (2, 2)), strict=True
    ):
        expected = [batch_at(digits, 5, batch_size=8, run=seed).images for seed in seeds]
        assert part.device == device
        np.testing.assert_array_equal(part.data, np.array([expected]))


def test_what_is_placed_lies_on_the_devices() -> None:
    """Else every call of a compiled function would send it there again."""
    devices = tuple(jax.devices()[2:4])
    placed = Pmap(devices, 2).place([np.full(3, seed) for seed in range(3)])
    assert placed.shape == (2, 2, 3)
    assert [part.device for part in placed.addressable_shards] == list(devices)


@pytest.mark.parametrize(
    ("placement", "seeds", "name", "groups"),
    [
        ("auto", 1, "jit", [(0,)]),
        ("auto", 3, "pmap", [(0, 1, 2)]),
        ("jit", 2, "jit", [(0,), (1,)]),
        ("pmap", 1, "pmap", [(0,)]),
    ],
)
def test_choice(placement: Any, seeds: int, name: str, groups: list) -> None:
    chosen = train.choose(TrainConfig(placement=placement), seeds)
    assert chosen.name == name
    assert chosen.groups(range(seeds)) == groups


@pytest.mark.parametrize(("platform", "name"), [("cpu", "jit"), ("gpu", "pmap"), ("tpu", "pmap")])
def test_one_accelerator_trains_all_seeds_at_once(
    monkeypatch: pytest.MonkeyPatch, platform: str, name: str
) -> None:
    only = jax.local_devices()[:1]
    monkeypatch.setattr(jax, "local_devices", lambda: only)
    monkeypatch.setattr(jax, "default_backend", lambda: platform)
    monkeypatch.setattr(jax, "devices", lambda: only)
    assert train.choose(TrainConfig(), 1).name == "jit"
    chosen = train.choose(TrainConfig(), 5)
    assert chosen.name == name
    assert not isinstance(chosen, Pmap) or chosen.per_device == 5


@pytest.mark.parametrize(("seeds", "devices", "per_device"), [(8, 8, 1), (11, 6, 2), (20, 7, 3)])
def test_seeds_fill_the_devices(seeds: int, devices: int, per_device: int) -> None:
    chosen = train.choose(TrainConfig(placement="pmap"), seeds)
    assert isinstance(chosen, Pmap)
    assert (len(chosen.devices), chosen.per_device) == (devices, per_device)


@pytest.mark.parametrize(
    ("batch", "parts", "devices", "used"),
    [
        (64, 1, 6, 2),  # as quickstart
        (64, 1, 8, 2),
        (96, 1, 3, 3),
        (100, 1, 8, 2),
        (60, 1, 8, 1),
        (256, 1, 8, 8),
        (1000, 1, 7, 5),
        (192, 48, 6, 4),  # of 32 images on each of six there would be no 48 parts
    ],
)
def test_one_net_alone_is_on_as_many_devices_as_it_keeps_at_work(
    batch: int, parts: int, devices: int, used: int
) -> None:
    config = TrainConfig(batch_size=batch, gradient_accumulation=parts)
    chosen = train.choose(config, 1, jax.devices()[:devices])
    assert isinstance(chosen, Jit)
    assert list(chosen.mesh.devices) == jax.devices()[:used]


@pytest.mark.parametrize(("batch", "used"), [(256, 8), (128, 4), (64, 2), (32, 1)])
def test_one_net_alone_is_on_all_hosts_or_on_one(
    monkeypatch: pytest.MonkeyPatch, batch: int, used: int
) -> None:
    """Hosts with four devices each: this is the second of two."""
    placed = one_device()  # JAX knows of no other host
    devices = [Device(id=i, process_index=i // 4) for i in range(8)]
    monkeypatch.setattr(jax, "devices", lambda: devices)
    monkeypatch.setattr(jax, "process_index", lambda: 1)
    meshes: list[Mesh] = []

    def jit(mesh: Mesh) -> Jit:
        meshes.append(mesh)
        return placed

    monkeypatch.setattr(choice, "Jit", jit)
    train.choose(TrainConfig(batch_size=batch), 1)
    assert list(meshes[0].devices) == (devices if used == 8 else devices[4 : 4 + used])


@pytest.mark.slow
def test_batches_of_evaluation_need_not_divide(digits: Dataset) -> None:
    """They are filled up with images of weight 0 to what the devices share evenly."""
    results = []
    for placement in (one_device(), Jit(Mesh(np.array(jax.devices()[:3]), ("batch",)))):
        config = dataclasses.replace(CONFIG, batch_size=33, eval_batch_size=50)
        spec = arch.build("plain", depth=8, layout="cifar", width=2)
        program = train.build(spec, DataConfig(), config, digits, placement)
        nets = program.place([train.initial(program, 0)])
        (result,) = evaluate(program, nets, digits.test, 1, limit=70)
        results.append(result)
    one, three = results
    assert len(one.errors) == 70
    np.testing.assert_array_equal(three.errors, one.errors)
    assert three.loss == pytest.approx(one.loss)


def test_a_batch_that_cannot_be_split_is_refused() -> None:
    with pytest.raises(InputError, match=r"batch_size=100 cannot be split over 8 devices"):
        train.choose(TrainConfig(placement="jit", batch_size=100), 1)
