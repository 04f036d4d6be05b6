"""Trials and longer trainings that are there: those of another config are refused, done or not."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import pytest

from depthstudy import execute, plan, store
from depthstudy.config import StudyConfig, Value, apply
from depthstudy.errors import InputError
from depthstudy.execute import Job
from depthstudy.plan.follow_up import TUNING, follow, longer

SMALL = apply(
    StudyConfig(),
    (
        ("seeds", 1),
        ("model.depth", 8),
        ("model.width", 4),
        ("data.validation", 0.2),
        ("train.batch_size", 32),
        ("train.steps", 2),
        ("train.evaluations", 1),
        ("train.eval_train_examples", 50),
        ("tune", (("train.learning_rate", (0.01, 0.03)),)),
    ),
)


def results_of(workdir: Path) -> dict[Path, int]:
    """Returns by its file when each result of a trial was written."""
    results = (workdir / TUNING).rglob("result.json")
    return {path: path.stat().st_mtime_ns for path in results}


def tune(workdir: Path, **fields: Value) -> dict[Path, int]:
    """Tunes the only net, and returns by its file when each result was written."""
    settings = tuple((name.replace("__", "."), value) for name, value in fields.items())
    study, variants = plan.prepare(apply(SMALL, settings))
    execute.check(study, variants, workdir)
    with contextlib.closing(execute.Session(study, variants, workdir)) as session:
        execute.tune(session, study, variants)
    return results_of(workdir)


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tuned")
    tune(folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("done", [True, False])
def test_trials_of_another_config_are_refused(tmp_path: Path, tuned: Path, *, done: bool) -> None:
    shutil.copytree(tuned, tmp_path, dirs_exist_ok=True)
    results = results_of(tmp_path)
    assert len(results) > 2  # the grid is widened at an edge
    if not done:
        for path in results:
            path.unlink()
    runs = [store.RunStore(path.parent) for path in results]
    before = [run.read_info() for run in runs]
    match = r"steps/seed1000 was trained with another config: train.weight_decay \(0.0001, now 0.1"
    with pytest.raises(InputError, match=match):
        tune(tmp_path, train__weight_decay=0.1)
    with pytest.raises(InputError, match=r"another config: data.train_examples \(None, now 500"):
        tune(tmp_path, data__train_examples=500)
    assert [run.read_info() for run in runs] == before
    assert [run.read_outcome() is not None for run in runs] == [done] * len(runs)


@pytest.mark.slow
def test_what_matters_to_no_trial_may_change(tmp_path: Path, tuned: Path) -> None:
    shutil.copytree(tuned, tmp_path, dirs_exist_ok=True)
    results = results_of(tmp_path)
    changed = {"seeds": 3, "train__save_minutes": 5.0, "data__workers": 0, "budget_check": (2,)}
    assert tune(tmp_path, **changed) == results
    next(iter(results)).unlink()
    assert tune(tmp_path, **changed).keys() == results.keys()


def test_a_longer_training_of_another_config_is_refused(tmp_path: Path) -> None:
    for decay in (0.0, 0.1):
        config, (variant,) = plan.prepare(apply(SMALL, (("train.weight_decay", decay),)))
        how = longer(variant, 2)
        refused = pytest.raises(InputError, match=r"longer2/seed0 was trained with another config")
        with (
            contextlib.closing(execute.Session(config, (variant,), tmp_path)) as session,
            refused if decay else contextlib.nullcontext(),
        ):
            session.train([Job(follow(variant, how), (0,), how)])
