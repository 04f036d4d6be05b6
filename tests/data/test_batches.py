from __future__ import annotations

import dataclasses
import itertools
import multiprocessing
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import jax
import numpy as np
import pytest
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from depthstudy.config import DataConfig
from depthstudy.data import Batch, Dataset, batch_at, eval_batches, load, order_at, train_batches
from depthstudy.data.pipeline.splits.reader import HostBatch


def config(base: DataConfig, **options: object) -> DataConfig:
    """A set with noise."""
    return dataclasses.replace(base, train_examples=200, label_noise=0.1, **options)  # type: ignore[arg-type]


@pytest.fixture(
    scope="module",
    params=[(False, False), (False, True), (True, False), (True, True)],
    ids=["arrays in memory", "arrays streamed", "files in memory", "files streamed"],
)
def dataset(request: pytest.FixtureRequest, digits_on_disk: DataConfig) -> Dataset:
    """The same noisy images from arrays and from files, in memory and streamed."""
    on_disk, stream = request.param
    base = digits_on_disk if on_disk else DataConfig(validation=0.0)
    return load(config(base, stream=stream, workers=0))


@pytest.fixture(scope="module")
def reference() -> list[HostBatch]:
    """Twenty batches of 48, gathered by hand from the images on the host."""
    train = load(config(DataConfig(validation=0.0))).train
    images, labels = train.read(np.arange(200))
    orders = [order_at(step, seed=0, count=200, batch_size=48) for step in range(20)]
    return [HostBatch(images[order], labels[order]) for order in orders]


def assert_same(batches: Iterator[Batch], expected: list[HostBatch]) -> None:
    for got, wanted in zip(batches, expected, strict=True):
        np.testing.assert_array_equal(got.images, wanted.images)
        np.testing.assert_array_equal(got.labels, wanted.labels)


def test_a_run_from_the_start(dataset: Dataset, reference: list[HostBatch]) -> None:
    batches = list(train_batches(dataset, batch_size=48, stop=20))
    assert_same(iter(batches), reference)
    assert all(isinstance(x, jax.Array) for batch in batches for x in batch)
    assert batches[0].images.dtype == np.uint8
    assert batches[0].labels.dtype == np.int32


def test_a_run_that_goes_on(dataset: Dataset, reference: list[HostBatch]) -> None:
    assert_same(train_batches(dataset, batch_size=48, start=7, stop=12), reference[7:12])
    assert_same(iter([batch_at(dataset, 9, batch_size=48)]), reference[9:10])
    assert list(train_batches(dataset, batch_size=48, start=5, stop=5)) == []


def test_worker_processes(digits_on_disk: DataConfig, reference: list[HostBatch]) -> None:
    """Two processes read the same batches in the same order; an abandoned run ends them."""
    workers = load(config(digits_on_disk, stream=True, workers=2))
    batches = train_batches(workers, batch_size=48, start=7, stop=10_000)
    assert_same(itertools.islice(batches, 13), reference[7:])
    assert len(multiprocessing.active_children()) == 2
    batches.close()  # type: ignore[attr-defined]
    assert multiprocessing.active_children() == []


@pytest.mark.slow
def test_an_early_end_leaks_no_shared_memory(tmp_path: Path) -> None:
    """The last process that used it would say so on stderr."""
    script = tmp_path / "script.py"
    script.write_text("""
from depthstudy import data
from depthstudy.config import DataConfig
if __name__ == "__main__":
    digits = data.load(DataConfig(stream=True, workers=2))
    batches = data.train_batches(digits, batch_size=64, stop=1000)
    print(sum(int(next(batches).labels.size) for _ in range(5)))
    batches.close()
""")
    command = [sys.executable, str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert (done.stdout, done.stderr) == ("320\n", "")


@pytest.mark.parametrize(("limit", "count"), [(None, 359), (100, 100), (1000, 359)])
def test_evaluation_sees_every_example_once(digits: Dataset, limit: int | None, count: int) -> None:
    seen: list[int] = []
    total = 0.0
    for batch, weights in eval_batches(digits.test, batch_size=64, limit=limit):
        assert batch.images.shape == (64, 8, 8, 1)
        assert weights.shape == (64,)
        assert weights.dtype == np.float32
        assert set(np.asarray(weights)) <= {0.0, 1.0}
        total += float(weights.sum())
        seen += np.asarray(batch.labels)[np.asarray(weights) == 1].tolist()
    assert total == count
    assert seen == digits.test.labels[np.arange(count) * 359 // count].tolist()


def test_evaluation_of_a_stream(dataset: Dataset) -> None:
    images, labels = dataset.test.read(np.arange(359))
    batches = list(eval_batches(dataset.test, batch_size=100))
    assert [int(weights.sum()) for _, weights in batches] == [100, 100, 100, 59]
    np.testing.assert_array_equal(
        np.concatenate([batch.images for batch, _ in batches])[:359], images
    )
    np.testing.assert_array_equal(
        np.concatenate([batch.labels for batch, _ in batches])[:359], labels
    )


@pytest.mark.parametrize("axis", [AxisType.Auto, AxisType.Explicit])
def test_batches_are_placed_as_asked(
    dataset: Dataset, reference: list[HostBatch], axis: AxisType
) -> None:
    mesh = jax.make_mesh((jax.device_count(),), ("data",), axis_types=(axis,))
    sharding = NamedSharding(mesh, PartitionSpec("data"))
    batch = next(train_batches(dataset, batch_size=48, stop=1, sharding=sharding))
    assert_same(iter([batch]), reference[:1])
    assert batch.images.sharding.is_equivalent_to(sharding, 4)
    assert batch.labels.sharding.is_equivalent_to(sharding, 1)
    batch, weights = next(eval_batches(dataset.test, batch_size=48, sharding=sharding))
    assert weights.sharding.is_equivalent_to(sharding, 1)


def test_order_follows_the_seed(digits: Dataset) -> None:
    other = dataclasses.replace(digits, seed=1)
    one, two = (batch_at(d, 0, batch_size=64).labels for d in (digits, other))
    assert np.mean(np.asarray(one) == np.asarray(two)) < 0.4
