"""A study whose nets are searched: what is refused and planned, and that a kill changes nothing."""

from __future__ import annotations

import dataclasses
import os
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from programs import single_device

from depthstudy import arch, config, plan, records, search, store, study
from depthstudy.config import StudyConfig, apply
from depthstudy.errors import InputError
from depthstudy.search import blocks
from depthstudy.search.space import pricing, scaled
from depthstudy.search.space.draws import Priced, Rejected
from depthstudy.search.write import command_of

ROOT = Path(__file__).parents[2]
SMALL = apply(
    StudyConfig(seeds=3),
    (
        ("search.trials", 2),
        ("search.stages", 1),
        ("search.macs", 500_000),
        ("search.width", 4),
        ("search.strata", ((4, 7), (8, 13))),
        ("train.steps", 4),
    ),
)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ((("search.stages", 0),), r"either ranges of fields of model, or stages"),
        ((("search.macs", None),), r"compared at equal cost; set config.search.macs"),
        ((("search.strata", ()),), r"strata has no depths"),
        ((("search.strata", ((8, 4),)),), r"depth 8 to 4 holds no depth"),
        ((("search.strata", ((4, 8), (8, 13))),), r"strata overlap at depth 8"),
        ((("search.strata", ((4, 7), (90, 99))),), r"1 stages have no net of depth 90 to 99"),
        ((("search.shares", (1.0, 0.5)),), r"has to rise to 1"),
        ((("data.validation", 0.0),), r"chooses by validation data"),
        ((("sweep", (("model.depth", (8, 14)),)),), r"leave sweep empty"),
        ((("model.width", 8), ("model.depth", 8)), r"'staged' takes no option 'depth'"),
    ],
)
def test_what_cannot_be_searched_is_refused(settings: Any, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        search.describe(apply(SMALL, settings))


def test_a_study_does_not_begin_without_its_search(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has to find the variants first"):
        study.run(SMALL, tmp_path)


def test_without_optuna_there_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(InputError, match=r"needs optuna: pip install 'depthstudy\[search\]'"):
        search.run(SMALL, tmp_path)


def test_the_plan_says_what_it_costs() -> None:
    text = search.describe(SMALL)
    assert "12 searches x 2 nets, which take as long as 24 runs of 4 steps" in text
    assert "by tpe and at random, 3 times in depths 4 to 7, 8 to 13" in text
    assert "at most 36 runs" in text


def test_the_plan_counts_all_settings_of_each_net() -> None:
    rates = (("train.learning_rate", (0.03, 0.1, 0.3)),)
    study = apply(SMALL, (("tune", rates), ("search.rates", "trial")))
    text = search.describe(study)
    assert "each net at first with 3 settings of train.learning_rate" in text
    assert "12 searches x 2 nets, which take as long as 48 runs of 4 steps" in text
    assert "is tuned" not in text
    assert "after train.learning_rate is tuned" in search.describe(apply(SMALL, (("tune", rates),)))


def test_the_plan_counts_tuning_and_scaled_families() -> None:
    rates = (("train.learning_rate", (0.03, 0.1, 0.3)),)
    tuned = "12 searches x 2 nets, which with tuning take as long as 30 runs of 4 steps"
    assert tuned in search.describe(apply(SMALL, (("tune", rates),)))
    families = (("search.families", ("resnet", "mobilenet_v2")),)
    text = search.describe(apply(SMALL, families))
    scaled = "12 searches and 2 scaled families x 2 nets, which take at most as long as 28 runs of"
    assert scaled in text


def test_chance_alone_has_no_control() -> None:
    text = search.describe(apply(SMALL, (("search.method", "random"),)))
    assert "6 searches x 2 nets, which take as long as 12 runs of 4 steps" in text
    assert "choices, at random, 3 times in depths 4 to 7, 8 to 13" in text


@pytest.fixture(scope="module")
def prices() -> pricing.Prices:
    _, (base, *_) = plan.prepare(SMALL)
    return pricing.Prices(base, SMALL.search, lambda _: 2.0)


def test_limits_turn_down_what_passes_them(prices: pricing.Prices) -> None:
    space = search.StageSpace.of(SMALL.search)
    genome = tuple(
        (f"stage1.{name}", value)
        for name, value in (
            ("kind", "basic"), ("count", 2), ("width", 1.0), ("kernel", 3), ("expansion", 1),
            ("squeeze", 0), ("residual", True),
        )
    )  # fmt: skip
    cost = prices.cost(space.settings(genome))
    assert cost.depth == 6

    def priced(**limits: Any) -> Priced | Rejected:
        return prices.of(space, pricing.Limits(**{"depth": (4, 9), **limits}))(genome)

    assert priced() == Priced(space.settings(genome), float(cost.macs))
    assert priced(depth=(7, 9)) == Rejected("depth", 1 / 7, float(cost.macs))
    assert priced(macs=cost.macs // 2)[0] == "macs"
    assert priced(parameters=1)[0] == "parameters"
    assert priced(fields=(3.0, 9.0))[0] == "receptive field"  # 11 pixels of 8
    assert priced(fields=(1.0, 1.5)) == Priced(space.settings(genome), float(cost.macs))
    assert priced(latency=1.0) == Rejected("latency", 1.0, float(cost.macs))
    assert priced(latency=3.0)[0] == space.settings(genome)


def test_scaled_members_are_the_widest_within_the_limit(prices: pricing.Prices) -> None:
    members = scaled.members("resnet", SMALL.search, prices)
    assert [prices.cost(net).depth for net in members] == [8]
    for net in members:
        wider = tuple((f, v + 1 if f == "model.width" else v) for f, v in net)
        assert prices.cost(net).macs <= 500_000 < prices.cost(wider).macs
    with pytest.raises(InputError, match=r"no family 'resnt'"):
        scaled.members("resnt", SMALL.search, prices)


def test_the_table_of_blocks_adds_up(prices: pricing.Prices) -> None:
    spec = arch.build("staged", stages="basic_r2_c8 inverted_r1_s2_e2_c16_se4", width=4)
    rows = blocks.blocks(spec, (8, 8, 1))
    cost = arch.cost(spec, (8, 8, 1))
    names = ["stem", "stage1/block01", "stage1/block02", "stage2/block01", "head"]
    assert [row["name"] for row in rows] == names
    assert sum(row["parameters"] for row in rows) == cost.parameters
    assert sum(row["macs"] for row in rows) == cost.macs
    assert (rows[-1]["depth"], rows[3]["squeeze"]) == (cost.depth, 2)


def test_the_command_trains_the_net_alone() -> None:
    net = (("model.family", "staged"), ("model.stages", "basic_r1_c8"), ("model.width", 4))
    words = command_of(SMALL, net)
    assert "--config.model.stages=basic_r1_c8" in words
    assert "--config.train.steps=4" in words
    assert "--config.seeds=3" in words
    assert "validation" not in words  # which is at its default


def test_the_command_sets_what_the_search_left_to_the_config() -> None:
    study = apply(SMALL, (("model.norm", "group"), ("model.width", 8)))
    words = command_of(study, (("model.family", "staged"), ("model.width", 4)))
    assert "--config.model.norm=group" in words
    assert "--config.model.width=4" in words
    assert "--config.model.width=8" not in words
    module = (("model.module", "my_nets:Stack"), ("model.options.filters", 16))
    words = command_of(apply(SMALL, module), (("model.options.depth", 4),))
    assert "--config.model.module=my_nets:Stack" in words
    assert "--config.model.options.filters=16 --config.model.options.depth=4" in words


@pytest.mark.slow
def test_a_search_that_is_killed_ends_as_one_that_is_not(tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    words = [
        "--config=configs/claims/search.py:smoke",
        "--config.processes=1",
        "--config.search.repeats=2",
        "--config.seeds=2",
        '--config.tune=(("train.learning_rate", (0.03, 0.1)),)',
    ]
    whole, killed = tmp_path / "whole", tmp_path / "killed"

    def start(workdir: Path) -> subprocess.Popen[bytes]:
        command = [sys.executable, "scripts/run.py", *words, f"--workdir={workdir}"]
        environment = single_device(PYTHONPATH=os.pathsep.join(sys.path))
        return subprocess.Popen(command, cwd=ROOT, env=environment)

    assert start(whole).wait() == 0
    process = start(killed)
    while len(list(killed.glob("search/runs/*/*/result.json"))) < 20:
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = {path: path.stat().st_mtime_ns for path in killed.glob("search/runs/*/*/result.json")}
    assert len(before) >= 20
    assert start(killed).wait() == 0
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())
    first, second = (pd.read_csv(folder / store.SEARCH) for folder in (whole, killed))
    pd.testing.assert_frame_equal(first, second)
    runs = [{p.parts[-3] for p in f.glob("search/runs/*/*/result.json")} for f in (whole, killed)]
    assert runs[0] == runs[1]
    verdicts = pd.read_csv(whole / store.VERDICTS)
    assert set(verdicts["hypothesis"]) == {
        "search_chooses_depth", "depth_matters", "search_beats_random", "search_beats_scaling"
    }  # fmt: skip


@pytest.mark.slow
def test_scores_of_the_start_are_ranked(tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    claim = runpy.run_path(str(ROOT / "configs/claims/zero_cost_scores.py"))
    result = search.run(claim["get_config"]("smoke"), tmp_path)
    assert not result.verdicts
    scores = store.read_table(tmp_path / store.SCORES, records.ScoreRank)
    assert {"log10_synflow", "total_gradient_norm", "parameters"} <= set(scores["score"])


def test_configs_of_a_search_survive_their_json() -> None:
    assert config.parse(dataclasses.asdict(SMALL)) == SMALL
