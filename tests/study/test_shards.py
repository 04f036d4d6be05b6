"""A study in shards: divided alike everywhere, merged into what one machine would have given."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pandas as pd
import pytest
from made_shard import shard_of_one_run

from depthstudy import execute, plan, store, study
from depthstudy.config import StudyConfig, Value, apply
from depthstudy.errors import InputError
from depthstudy.plan.shards import Shard, divide
from depthstudy.study import shards

SMALL = apply(
    StudyConfig(),
    (
        ("name", "small"),
        ("seeds", 2),
        ("model.width", 4),
        ("train.batch_size", 32),
        ("train.steps", 4),
        ("train.evaluations", 1),
        ("train.placement", "jit"),
        ("sweep", (("model.family", ("plain", "resnet")), ("model.depth", (8,)))),
        ("tune", (("train.learning_rate", (0.03, 0.1)),)),
        ("probes", ("density",)),
        ("probe_seeds", 2),
    ),
)
ONE_RUN = apply(SMALL, (("sweep", ()), ("tune", ()), ("probes", ()), ("seeds", 1)))
ONE, TWO = Shard(1, 2), Shard(2, 2)


def prepared(**fields: Value) -> tuple[StudyConfig, tuple[plan.Variant, ...]]:
    settings = tuple((name.replace("__", "."), value) for name, value in fields.items())
    return plan.prepare(apply(SMALL, settings))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("shards")
    for shard in (ONE, TWO):
        command = f"depthstudy run small.py --shard={shard}"
        shards.run(SMALL, root / shard.label, shard, command=command)
    return root / ONE.label, root / TWO.label


def test_each_run_is_in_one_shard_and_shards_are_about_as_large() -> None:
    config, variants = prepared(
        sweep=(("model.family", ("plain", "resnet")), ("model.depth", (8, 14, 20))), seeds=3
    )
    for count in (1, 2, 3, 4):
        shares = divide(config, variants, count)
        runs = [(n, s) for share in shares for n, seeds in share.seeds.items() for s in seeds]
        assert sorted(runs) == sorted((v.name, seed) for v in variants for seed in range(3))
        tuned = [name for share in shares for name in share.tuned]
        assert sorted(tuned) == sorted(variant.name for variant in variants)
        assert sum(share.work for share in shares) == pytest.approx(1)
        assert max(share.work for share in shares) < 1.2 / count
    (first, second) = divide(config, variants, 2)
    assert not set(first.seeds) & set(second.seeds)  # seeds of a net stay together


def test_a_pruned_net_goes_where_the_one_goes_that_it_is_pruned_from() -> None:
    variants = tuple(
        (name, (("prune.weights", share), ("prune.fine_tune_epochs", epochs)))
        for name, share, epochs in (("dense", 0.0, 0), ("half", 0.5, 1))
    )
    config, planned = prepared(sweep=(), variants=variants, tune=(), probes=(), seeds=4)
    first, second = divide(config, planned, 2)
    assert first.seeds == {"dense": (0, 2), "half": (0, 2)}
    assert second.seeds == {"dense": (1, 3), "half": (1, 3)}


@pytest.mark.slow
def test_merged_shards_are_the_study_of_one_machine(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    infos = [store.read_shard_info(folder) for folder in folders]
    assert [len(info.seeds) for info in infos if info] == [1, 1]
    merged = shards.merge(folders, tmp_path / "merged")
    assert merged.study == SMALL
    assert not (tmp_path / "merged" / store.SUMMARY).exists()
    study.run(merged.study, tmp_path / "merged")
    study.run(SMALL, tmp_path / "whole")
    for name in (store.RECORDS, store.SUMMARY, store.TUNING):
        one, other = (_timeless(tmp_path / folder / name) for folder in ("merged", "whole"))
        assert len(one) > 3
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    shards.merge(folders, tmp_path / "merged")  # once more: all is there


def _timeless(path: Path) -> pd.DataFrame:
    table = pd.read_csv(path, keep_default_na=False).drop(columns="seconds", errors="ignore")
    timed = table.get("metric", pd.Series("", table.index)).str.endswith("seconds")
    return table[~timed].reset_index(drop=True)


@pytest.mark.slow
def test_a_shard_goes_on(folders: tuple[Path, Path], tmp_path: Path) -> None:
    folder = tmp_path / "one"
    shutil.copytree(folders[0], folder)
    (run,) = (folder / "runs").glob("*/seed1")
    (run / "result.json").unlink()
    info = store.read_shard_info(folder)
    assert info is not None
    with pytest.raises(InputError, match=r"seed1 is not whole .* give the command of shard 1/2"):
        shards.merge([folder, folders[1]], tmp_path / "merged")
    store.write_shard_info(folder, dataclasses.replace(info, finished=False))
    with pytest.raises(InputError, match=r"shard 1/2 is not finished; .*: depthstudy run small.py"):
        shards.merge([folder, folders[1]], tmp_path / "merged")
    shards.run(SMALL, folder, ONE)
    assert not (tmp_path / "merged").exists()
    shards.merge([folder, folders[1]], tmp_path / "merged")
    with pytest.raises(InputError, match="holds shard 1/2, not 2/2"):
        shards.run(SMALL, folder, TWO)


@pytest.mark.slow
def test_the_same_run_twice_has_to_be_the_same(folders: tuple[Path, Path], tmp_path: Path) -> None:
    again = tmp_path / "again"
    shutil.copytree(folders[0], again)
    shards.merge([*folders, again], tmp_path / "merged")
    (run,) = map(store.RunStore, (again / "runs").glob("*/seed0"))
    outcome = run.read_outcome()
    assert outcome is not None
    run.write_outcome(dataclasses.replace(outcome, train_seconds=9.0))  # as if trained once more
    with pytest.raises(InputError, match="are the same run with different content"):
        shards.merge([*folders, again], tmp_path / "other")
    assert not (tmp_path / "other").exists()
    with pytest.raises(InputError, match="is there, and is another run than"):
        shards.merge([again, folders[1]], tmp_path / "merged")


@pytest.mark.slow
def test_shards_that_are_no_whole_study_are_refused(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    names = r"missing: shard 2/2, with \w+_depth8 seed 0, \w+_depth8 seed 1$"
    with pytest.raises(InputError, match=names):
        shards.merge(folders[:1], tmp_path / "merged")
    with pytest.raises(InputError, match="holds no shard"):
        shards.merge([folders[0], tmp_path], tmp_path / "merged")
    other = tmp_path / "other"
    shutil.copytree(folders[1], other)
    info = store.read_shard_info(other)
    assert info is not None
    changed = {**info.config, "train": {**info.config["train"], "learning_rate": 0.2}}
    store.write_shard_info(other, dataclasses.replace(info, config=changed))
    message = r"different studies: train.learning_rate \(0.1 and 0.2\)"
    with pytest.raises(InputError, match=message):
        shards.merge([folders[0], other], tmp_path / "merged")
    assert not (tmp_path / "merged").exists()


@pytest.mark.slow
def test_who_does_the_runs_may_differ(folders: tuple[Path, Path], tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(folders[0], other)
    info = store.read_shard_info(other)
    assert info is not None
    changed = {**info.config, "executor": "ray"}
    changed["train"] = {**info.config["train"], "save_minutes": 5.0, "scan_blocks": True}
    store.write_shard_info(other, dataclasses.replace(info, config=changed))
    assert shards.merge([other, folders[1]], tmp_path / "merged").study.executor == "local"


def test_what_is_made_of_a_merged_run_does_not_make_it_another(tmp_path: Path) -> None:
    run, merged = shard_of_one_run(tmp_path / "one", ONE_RUN), tmp_path / "merged"
    shards.merge([tmp_path / "one"], merged)
    merged_run = merged / run.relative_to(tmp_path / "one")
    for name in ("analysis/analysis.json", "export/net.json"):
        store.write_text(merged_run / name, "{}")
    shards.merge([tmp_path / "one"], merged)
    assert (merged_run / "export/net.json").exists()
    store.write_text(merged_run / "records.csv", "")
    with pytest.raises(InputError, match="is there, and is another run than"):
        shards.merge([tmp_path / "one"], merged)


def test_a_damaged_description_of_a_shard_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class BeganError(Exception):
        pass

    def begin(*_: object) -> None:
        raise BeganError

    (tmp_path / "shard.json").write_text("{")
    with pytest.raises(InputError, match=r"shard\.json .*; give the command of that shard again"):
        shards.merge([tmp_path], tmp_path / "merged")
    monkeypatch.setattr(execute, "tune", begin)
    with pytest.raises(BeganError):
        shards.run(SMALL, tmp_path, ONE)
    assert any("shard.json" in x and "it is written again" in x for x in caplog.messages)
    info = store.read_shard_info(tmp_path)
    assert info is not None
    assert info.shard == "1/2"


@pytest.mark.parametrize("text", ["5/4", "0/4", "a/b", "2", "2/0", ""])
def test_what_is_no_shard(text: str) -> None:
    with pytest.raises(InputError, match="from 1/4 to 4/4"):
        Shard.parse(text)


def test_what_cannot_be_divided(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="only 6 parts"):
        shards.run(SMALL, tmp_path, Shard(1, 7))
    with pytest.raises(InputError, match="time_budget"):
        shards.run(apply(SMALL, (("time_budget", "1h"),)), tmp_path, ONE)
