"""Runs of precision "auto" that are float32 on one machine and bfloat16 on another."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path

import pytest
from made_shard import shard_of_one_run
from made_study import describe

from depthstudy import execute, plan, store, train
from depthstudy.config import StudyConfig, Value, apply
from depthstudy.study import shards

ONE_RUN = apply(
    StudyConfig(),
    (("model.depth", 8), ("model.width", 4), ("train.steps", 4), ("train.evaluations", 1),
     ("train.batch_size", 32), ("seeds", 1), ("processes", 1)),
)  # fmt: skip
TWO_SEEDS = apply(ONE_RUN, (("seeds", 2),))
TUNED: tuple[str, Value] = ("tune", (("train.learning_rate", (0.03, 0.1)),))
LONGER: tuple[str, Value] = ("budget_check", (2,))
LOOKED_AT: Value = (
    {"name": "h", "statement": "S.", "metric": "test_error", "relation": "rises",
     "along": "model.depth"},
)  # fmt: skip
SETTLED: tuple[tuple[str, Value], ...] = (("hypotheses", LOOKED_AT), ("seeds_until_settled", 5))
FLOAT32: tuple[str, Value] = ("train.precision", "float32")
BEFORE = "runs were trained on gpu before, and what is left is trained on cpu: by train.precision="


@pytest.mark.parametrize(("platform", "warnings"), [("cpu", 0), ("gpu", 1)])
def test_shards_of_different_types_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, platform: str, warnings: int
) -> None:
    shard_of_one_run(tmp_path / "one", TWO_SEEDS, "1/2", "cpu")
    shard_of_one_run(tmp_path / "two", TWO_SEEDS, "2/2", platform)
    shards.merge([tmp_path / "one", tmp_path / "two"], tmp_path / "merged")
    assert len(caplog.messages) == warnings
    for message in caplog.messages:
        assert message.startswith("shards were trained on cpu and gpu: by train.precision='auto'")


@pytest.mark.parametrize(
    ("fields", "platform", "warnings"),
    [
        ((TUNED,), "gpu", 1),
        ((LONGER,), "gpu", 1),
        (SETTLED, "gpu", 1),
        ((), "gpu", 0),
        ((TUNED,), "cpu", 0),
        ((TUNED, FLOAT32), "gpu", 0),
        ((TUNED, ("executor", "ray")), "gpu", 0),
    ],
)
def test_what_a_merger_trains_may_be_of_another_type_than_its_shards(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    fields: tuple[tuple[str, Value], ...],
    platform: str,
    warnings: int,
) -> None:
    asked = apply(ONE_RUN, fields)
    shard_of_one_run(tmp_path / "one", asked, platform=platform)
    for _ in range(2):  # the second finds all in its place
        shards.merge([tmp_path / "one"], tmp_path / "merged", asked)
    assert len(caplog.messages) == warnings
    for message in caplog.messages:
        assert message.startswith(
            "shards were trained on gpu, and what follows from their results is trained on cpu: "
        )


def lines(
    folder: Path, study: StudyConfig, monkeypatch: pytest.MonkeyPatch, log: pytest.LogCaptureFixture
) -> list[str]:
    """Returns what is said before the first net is built of those that are left in a folder."""

    class BuiltError(Exception):
        pass

    def fail(*_: object, **__: object) -> None:
        raise BuiltError

    monkeypatch.setattr(train, "build", fail)
    study, variants = plan.prepare(study)
    with contextlib.closing(execute.Session(study, variants, folder)) as session:
        for _ in range(2):  # it is said once
            with contextlib.suppress(BuiltError):
                session.train(execute.jobs_of(study, variants))
    return [line for line in log.messages if "trained on" in line]


def test_only_runs_that_are_left_are_of_another_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shard_of_one_run(tmp_path, ONE_RUN, platform="gpu")
    assert not lines(tmp_path, ONE_RUN, monkeypatch, caplog)
    (line,) = lines(tmp_path, TWO_SEEDS, monkeypatch, caplog)
    assert line.startswith(BEFORE)


@pytest.mark.parametrize(("fields", "platform"), [((), "cpu"), ((FLOAT32,), "gpu")])
def test_runs_of_the_same_type_are_no_matter(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fields: tuple[tuple[str, Value], ...],
    platform: str,
) -> None:
    shard_of_one_run(tmp_path, apply(ONE_RUN, fields), platform=platform)
    assert not lines(tmp_path, apply(TWO_SEEDS, fields), monkeypatch, caplog)


def test_where_runs_do_not_say_what_they_were_trained_on_the_study_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shard_of_one_run(tmp_path, ONE_RUN)
    assert not lines(tmp_path, TWO_SEEDS, monkeypatch, caplog)
    info = dataclasses.replace(describe([], 1), hardware={"platform": "gpu"})
    on_ray = dataclasses.replace(info, config={"executor": "ray"})  # led from that machine
    store.write_info(tmp_path, on_ray)
    assert not lines(tmp_path, TWO_SEEDS, monkeypatch, caplog)
    store.write_info(tmp_path, info)
    (line,) = lines(tmp_path, TWO_SEEDS, monkeypatch, caplog)
    assert line.startswith(BEFORE)
