"""What is wrong with a search is said in one line, by its plan already."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from programs import single_device

from depthstudy import arch, plan, search
from depthstudy.config import StudyConfig, apply
from depthstudy.errors import InputError
from depthstudy.search.run import open_session
from depthstudy.search.space import draws, from_config, pricing, scaled
from depthstudy.search.space.latency import Stopwatch

DEPTHS = (("model.depth", (8, 14)),)
SMALL = apply(
    StudyConfig(seeds=3),
    (
        ("search.trials", 2),
        ("search.ranges", DEPTHS),
        ("search.macs", 500_000),
        ("train.steps", 4),
    ),
)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ((("search.ranges", (("model.depht", (8,)),)),), r"no field 'depht'; did you mean 'depth'"),
        ((("search.ranges", (("model.depth", (8, "deep")),)),), r"config.model.depth: .*'deep'"),
        (
            (("search.ranges", (("model.options.widths", ((8, 16), (16, 32))),)),),
            r"gives model.options.widths the row \(8, 16\); allowed: numbers",
        ),
        ((("search.families", ("resnt",)),), r"no family 'resnt'; did you mean resnet"),
        ((("search.families", ("detector",)),), r"detector is no family of classifiers"),
        (
            (("time_budget", "1h"),),
            r"time_budget leaves out seeds, and config.search says how many",
        ),
        ((("tune_seeds", 2),), r"tune_seeds=2: config.search tries each net with one seed"),
        ((("search.families", ("resnet",)), ("search.macs", None)), r"families needs .*macs"),
    ],
)
def test_a_mistyped_search_is_refused_by_its_plan(settings: Any, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        search.describe(apply(SMALL, settings))


def test_processes_are_refused_where_a_study_refuses_them(tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    study = apply(SMALL, (("processes", 2),))
    environment = single_device(PYTHONPATH=os.pathsep.join(sys.path))
    environment["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2"
    program = (
        "import json, pathlib, sys\n"
        "from depthstudy import config, errors, search\n"
        "study = config.parse(json.loads(sys.argv[1]))\n"
        "for attempt in (search.describe, lambda s: search.run(s, pathlib.Path(sys.argv[2]))):\n"
        "    try:\n"
        "        attempt(study)\n"
        "    except errors.InputError as error:\n"
        "        print(error)\n"
    )
    words = [sys.executable, "-c", program, json.dumps(dataclasses.asdict(study)), str(tmp_path)]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.count("config.processes=2 has to be 1 on 2 x") == 2


@pytest.mark.parametrize("seeds", [1, 3, 5])
def test_a_search_has_the_processes_that_were_asked_for(seeds: int, tmp_path: Path) -> None:
    study = apply(SMALL, (("processes", 8), ("seeds", seeds)))
    _, (base, *_) = plan.prepare(study)
    assert open_session(study, base, tmp_path).processes == 8


@pytest.mark.parametrize("damage", [slice(0, 20), slice(0, 0)])
def test_latencies_that_are_damaged_are_measured_again(damage: slice, tmp_path: Path) -> None:
    path, spec = tmp_path / "latency.json", arch.build("resnet", depth=8, width=4, layout="cifar")
    measured = Stopwatch(path, (8, 8, 1))(spec)
    assert Stopwatch(path, (8, 8, 1))(spec) == measured
    whole = path.read_text()
    path.write_text(whole[damage])
    assert Stopwatch(path, (8, 8, 1))(spec) > 0
    path.write_text(whole.replace(str(measured), "0.5"))  # which its hash gives away
    assert Stopwatch(path, (8, 8, 1))(spec) != 0.5


def prices(study: StudyConfig) -> pricing.Prices:
    _, (base, *_) = plan.prepare(study)
    return pricing.Prices(base, study.search, lambda _: 2.0)


def test_the_commonest_reason_is_quoted() -> None:
    study = apply(SMALL, (("search.ranges", (("model.depth", (9, 11)),)),))
    space = from_config(study.search)
    price = prices(study).of(space, pricing.Limits((1, 99)))
    with pytest.raises(InputError, match=r"\(not a net: 20,000\).* times: .*depth.*(9|11)"):
        draws.within_limits(space, price, np.random.default_rng(0))


def test_scaled_members_skip_widths_without_whole_channels() -> None:
    study = apply(SMALL, (("search.macs", 6_000_000), ("search.strata", ((14, 16),))))
    (net,) = scaled.members("wide_resnet", study.search, prices(study))
    assert dict(net)["model.depth"] == 16
    assert dict(net)["model.width_multiplier"] == 1.75  # 4,863,072 of them; at 2 6,301,952


def test_scaled_members_keep_to_all_limits() -> None:
    def members(*settings: tuple[str, Any]) -> list[Any]:
        study = apply(SMALL, (("search.strata", ((4, 20),)), *settings))
        return scaled.members("resnet", study.search, prices(study))

    assert [dict(net)["model.depth"] for net in members()] == [8, 20]
    assert members(("search.latency", 3.0)) == members()
    for limit in (("search.latency", 1.0), ("search.fields", (40.0, 50.0))):
        with pytest.raises(InputError, match=r"no resnet is within the limits"):
            members(limit)
