"""A user's own Flax modules train, on either placement, and resume to the bit."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import jax
import numpy as np
import pytest

from depthstudy import arch, train
from depthstudy.config import DataConfig, TrainConfig
from depthstudy.data import Dataset
from depthstudy.errors import InputError
from depthstudy.store import Outcome, RunInfo, RunStore

CONFIG = TrainConfig(
    steps=6, batch_size=32, eval_batch_size=64, eval_train_examples=64, evaluations=3,
    log_every=2, save_seconds=0.0, learning_rate=0.05,
)  # fmt: skip
OPTIONS = {"NormedNet": (("depth", 1),), "BareNet": (), "DroppingNet": (("rate", 0.5),)}


def spec(name: str) -> arch.ModuleSpec:
    return arch.ModuleSpec(
        module=f"user_modules:{name}", options=OPTIONS.get(name, ()), num_classes=10
    )


def program(name: str, dataset: Dataset, config: TrainConfig, seeds: int = 1) -> train.Program:
    placement = train.choose(config, seeds)
    return train.build(spec(name), DataConfig(), config, dataset, placement)


def fit(
    made: train.Program,
    value: arch.ModuleSpec,
    folder: Path,
    seeds: Sequence[int] = (0,),
    progress: Callable[[int], None] = lambda steps: None,
) -> list[Outcome]:
    infos = [
        RunInfo(
            study="s", variant="v", seed=seed, arch=value.to_json(), config={},
            dataset=made.dataset.name, image_shape=made.dataset.image_shape,
            class_names=made.dataset.class_names,
        )
        for seed in seeds
    ]  # fmt: skip
    stores = [RunStore.of(folder, "v", seed) for seed in seeds]
    return train.fit(made, infos, stores, progress)


def variables(folder: Path, seed: int, step: int) -> list[np.ndarray]:
    return jax.tree.leaves(RunStore.of(folder, "v", seed).checkpoints.variables(step))


class StoppedError(Exception):
    """Training is killed."""


@pytest.mark.parametrize("name", OPTIONS)
def test_a_run_that_was_killed_resumes_to_the_bit(
    name: str, digits: Dataset, tmp_path: Path
) -> None:
    made, value = program(name, digits, CONFIG), spec(name)
    (outcome,) = fit(made, value, tmp_path / "whole")
    assert outcome.status == "finished"
    assert 0 <= outcome.test_error <= 1

    done: list[int] = []

    def stop(steps: int) -> None:
        done.append(steps)
        if sum(done) >= 4:  # after the second of three evaluations
            raise StoppedError

    with pytest.raises(StoppedError):
        fit(made, value, tmp_path / "killed", progress=stop)
    fit(made, value, tmp_path / "killed")
    whole, resumed = (variables(tmp_path / part, 0, 6) for part in ("whole", "killed"))
    for a, b in zip(whole, resumed, strict=True):
        np.testing.assert_array_equal(a, b)


def test_seeds_train_together(digits: Dataset, tmp_path: Path) -> None:
    config = dataclasses.replace(CONFIG, placement="pmap")
    made = program("NormedNet", digits, config, seeds=2)
    outcomes = fit(made, spec("NormedNet"), tmp_path, [0, 1])
    assert [outcome.status for outcome in outcomes] == ["finished"] * 2
    first, second = (variables(tmp_path, seed, 6) for seed in (0, 1))
    assert any(not np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_a_module_that_ignores_its_type_is_refused(digits: Dataset) -> None:
    config = dataclasses.replace(CONFIG, precision="bfloat16")
    with pytest.raises(InputError, match=r"does not compute in bfloat16 .*train.precision=float32"):
        program("BareNet", digits, config)


@pytest.mark.parametrize("field", [{"rematerialize": True}, {"statistics_images": 16}])
def test_what_only_families_can_do_is_refused(field: dict) -> None:
    with pytest.raises(InputError, match="a module of yours does so itself"):
        train.check_settings(
            spec("BareNet"), dataclasses.replace(CONFIG, **field), weights_pruned=False
        )


def test_a_count_among_the_statistics_is_not_averaged(digits: Dataset, tmp_path: Path) -> None:
    made = program("CountedSteps", digits, dataclasses.replace(CONFIG, average_decay=0.9))
    fit(made, spec("CountedSteps"), tmp_path)
    checkpoints = RunStore.of(tmp_path, "v", 0).checkpoints
    assert checkpoints.variables(6)["batch_stats"]["calls"] == 6
