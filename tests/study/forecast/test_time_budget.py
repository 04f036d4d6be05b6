"""A plan that fits into a time: fewer seeds, then fewer depths, kept for the next call."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from depthstudy import execute, store
from depthstudy.config import Pool, SearchConfig, StudyConfig, apply
from depthstudy.errors import InputError
from depthstudy.plan import prepare
from depthstudy.study import run
from depthstudy.study.forecast import time_budget
from depthstudy.study.forecast.estimate import Estimator, Rates

SWEEP = (("model.family", ("plain",)), ("model.depth", (8, 20, 32)))
RATE = Rates(training=1e-9, compiling=0.0)  # seconds a multiply-accumulate
# Of a run: images of steps, and a third for those evaluated, as that is a forward pass. The digits
# have 1,151 images to train on, 287 to choose by and 359 to test on.
IMAGES = 10 * 8 + (StudyConfig().train.evaluations * (1_151 + 287) + 359) / 3
BASE = StudyConfig(sweep=SWEEP, seeds=5, processes=1)


def study(seconds: int, **fields: object) -> StudyConfig:
    short = apply(BASE, (("train.steps", 10), ("train.batch_size", 8), ("data.workers", 0)))
    return dataclasses.replace(short, time_budget=f"{seconds}s", **fields)


@pytest.fixture(autouse=True)
def timed(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Takes a step to last a nanosecond a multiply-accumulate, and counts how often it is timed."""
    calls: list[object] = []

    def rates(*arguments: object) -> Rates:
        calls.append(arguments)
        return dataclasses.replace(RATE, training=1e-7)

    monkeypatch.setattr("depthstudy.study.forecast.estimate.rates", rates)
    return calls


def works() -> dict[int, float]:
    """Returns by depth the seconds of a run."""
    _, variants = prepare(study(1))
    return {v.info.depth: IMAGES * v.info.macs * 1e-7 for v in variants}


def planned(seconds: float, **fields: object) -> tuple[int, list[int], str]:
    config, variants = prepare(study(max(1, round(seconds)), **fields))
    fitted = time_budget.fit(config, variants)
    return fitted.study.seeds, [variant.info.depth for variant in fitted.variants], fitted.line


def test_seeds_are_left_out_before_depths() -> None:
    run = works()
    whole = sum(run.values())
    assert planned(5 * whole + 1)[:2] == (5, [8, 20, 32])
    seeds, depths, line = planned(2.5 * whole)
    assert (seeds, depths) == (2, [8, 20, 32])
    assert line.startswith("time budget")
    assert "2 of 5 seeds, in about" in line
    seeds, depths, line = planned(run[8] + run[20] + 1)
    assert (seeds, depths) == (1, [8, 20])
    assert "1 of 5 seeds and no nets of depth 32, in about" in line
    with pytest.raises(InputError, match=r"time_budget='\d+s' is too short: with the fewest"):
        planned(run[8] / 2)


def test_what_is_not_counted_is_said() -> None:
    _, _, line = planned(10**6, probes=("density",))
    assert line.endswith(", probes not counted")
    assert planned(10**6)[2].startswith("time budget 1000000s: all of it fits, in about ")
    assert "not counted" not in planned(10**6)[2]


def test_what_follows_is_counted() -> None:
    _, variants = prepare(study(1))
    estimator = Estimator(variants)
    run = works()
    whole = 5 * sum(run.values())
    assert estimator.seconds(BASE, variants) == pytest.approx(whole)
    longer = dataclasses.replace(BASE, budget_check=(2, 4))
    expected = whole + 2 * 6 * run[32]  # two seeds of the dearest, for 2 and 4 times the steps
    assert estimator.whole_seconds(longer, variants) == pytest.approx(expected)


def test_smaller_plans_read_no_image_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config, variants = prepare(study(round(2.5 * sum(works().values()))))

    def load(*_: object) -> None:
        pytest.fail("a set is loaded again")

    monkeypatch.setattr("depthstudy.data.loading.datasets.from_source", load)
    first = time_budget.fit(config, variants)
    assert first.study.seeds == 2
    time_budget.keep(config, first, tmp_path)
    assert time_budget.fit(config, variants, tmp_path).study == first.study


def test_the_same_command_has_the_same_plan(tmp_path: Path, timed: list[object]) -> None:
    config, variants = prepare(study(round(2.5 * sum(works().values()))))
    first = time_budget.fit(config, variants, tmp_path)
    assert not list(tmp_path.iterdir())
    time_budget.keep(config, first, tmp_path)
    count = len(timed)
    again = time_budget.fit(config, variants, tmp_path)
    assert len(timed) == count  # nothing is timed once more
    assert (again.study, again.line) == (first.study, first.line)
    assert [v.name for v in again.variants] == [v.name for v in first.variants]
    assert json.loads((tmp_path / "time_budget.json").read_text())["seeds"] == 2
    time_budget.fit(dataclasses.replace(config, time_budget="9h"), variants, tmp_path)
    assert len(timed) > count


def test_a_damaged_choice_is_made_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    config, variants = prepare(study(round(2.5 * sum(works().values()))))
    first = time_budget.fit(config, variants)
    (tmp_path / "time_budget.json").write_text("{")
    assert time_budget.fit(config, variants, tmp_path).line == first.line
    assert len(caplog.messages) == 1
    assert "time_budget.json is not as this version" in caplog.messages[0]
    assert "what fits is chosen anew" in caplog.messages[0]


def test_a_study_that_is_refused_keeps_no_choice(tmp_path: Path) -> None:
    config, (variant, *_) = prepare(study(round(2.5 * sum(works().values()))))
    decays = dataclasses.replace(variant.config.train, weight_decay=0.5)
    other = dataclasses.asdict(dataclasses.replace(variant.config, train=decays))
    info = store.RunInfo(
        study="study",
        variant=variant.name,
        seed=0,
        arch=variant.spec.to_json(),
        config={group: other[group] for group in ("model", "data", "train", "prune")},
        dataset=variant.dataset.name,
        image_shape=variant.dataset.image_shape,
        class_names=variant.dataset.class_names,
    )
    store.RunStore.of(tmp_path, variant.name, 0).write_info(info)
    with pytest.raises(InputError, match=r"another config: train\.weight_decay"):
        run(config, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]
    busy = tmp_path / "busy"
    with store.lock(busy), pytest.raises(InputError, match="another process is running"):
        run(config, busy)
    assert not list(tmp_path.rglob("time_budget.json"))


class BeganError(Exception):
    """Raised where a study would begin."""


def test_a_study_that_begins_keeps_its_choice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, timed: list[object]
) -> None:
    def begin(*arguments: object) -> None:
        with pytest.raises(InputError, match="another process is running"), store.lock(tmp_path):
            pass
        raise BeganError

    monkeypatch.setattr(execute, "tune", begin)
    config, _ = prepare(study(round(2.5 * sum(works().values()))))
    counts = []
    for _ in range(2):
        with pytest.raises(BeganError):
            run(config, tmp_path)
        counts.append(len(timed))
    assert json.loads((tmp_path / "time_budget.json").read_text())["seeds"] == 2
    assert counts[0] == counts[1] > 0  # the second time the choice was there


def test_steps_of_this_machine_tell_nothing_of_a_cluster() -> None:
    config, variants = prepare(study(60, executor="ray"))
    with pytest.raises(InputError, match=r"executor='ray' trains on others"):
        time_budget.fit(config, variants)


def test_what_is_no_time_is_refused() -> None:
    for text in ("30", "", "half an hour", "0m", "5 m"):
        with pytest.raises(InputError, match="is no time; allowed: as 90s"):
            prepare(dataclasses.replace(BASE, time_budget=text))


def test_the_depth_that_a_family_begins_with_stays() -> None:
    sweep = (("model.family", ("resnet", "plain")), ("model.depth", (32, None, 8, 14)))
    config, variants = prepare(study(10**6, sweep=sweep))
    assert time_budget.fit(config, variants).study.sweep == sweep
    seconds = {v.name: IMAGES * v.info.macs * 1e-7 for v in variants}
    left = sum(s for name, s in seconds.items() if "32" not in name)
    config, variants = prepare(study(round(left) + 1, sweep=sweep, seeds=1))
    fitted = time_budget.fit(config, variants)
    assert dict(fitted.study.sweep)["model.depth"] == (None, 8, 14)
    assert "no nets of depth 32, in about" in fitted.line


def test_pools_say_how_many_seeds_there_are() -> None:
    pools = (Pool("small", ("plain_depth8",) * 5), Pool("large", ("plain_depth20",) * 5))
    message = r"config\.time_budget leaves out seeds, and config\.(pools|search) says how many"
    with pytest.raises(InputError, match=message):
        prepare(study(60, pools=pools))
    with pytest.raises(InputError, match=message):
        prepare(study(60, sweep=(), search=SearchConfig(trials=4)))
