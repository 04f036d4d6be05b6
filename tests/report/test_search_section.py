"""The section of a search: what it says of made-up tables; other studies have none."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import made_study
import pytest

from depthstudy import records, report, store
from depthstudy.records import GeneImportance, ScoreRank, SearchedNet, SearchInfo
from depthstudy.report.claims import Claim
from depthstudy.report.sections import search
from depthstudy.report.tables import Study, read_study

CHOSEN = {"model.family": "staged", "model.stages": "basic_r2_c8"}


def net(method: str, stratum: str, trial: int, depth: int, error: float) -> SearchedNet:
    chosen = (method, trial) == ("tpe", 1) and stratum == "4 to 8"
    settings = CHOSEN if chosen else {"model.stages": f"basic_r{trial + 1}_c16"}
    return SearchedNet(
        method=method, stratum=stratum, repeat=0, trial=trial, net=f"net_{method}{trial}",
        settings=json.dumps(settings), genome="{}", depth=depth, parameters=1_000 * depth,
        macs=10_000 * depth + trial, latency_ms=math.nan, learning_rate=0.1,
        validation_error=error, longest_share=1.0, longest_error=error / 2, chosen=chosen,
        on_front=trial == 0,
    )  # fmt: skip


NETS = [
    net("tpe", "4 to 8", 0, 4, 0.5), net("tpe", "4 to 8", 1, 6, 0.2),
    net("tpe", "9 to 14", 0, 9, 0.4), net("tpe", "9 to 14", 1, 12, math.nan),
    net("random", "4 to 8", 0, 8, 0.3), net("random", "9 to 14", 0, 14, 0.6),
    net("scaled", "resnet", 0, 8, 0.25),
]  # fmt: skip
INFO = SearchInfo(
    space="{}", size=41_990_400, config={"repeats": 5}, rates={"4 to 8": 0.1, "9 to 14": 0.03},
    rejected={"tpe": 7, "random": 0}, duplicates={"tpe": 1, "random": 0},
    trained={"tpe": 4, "random": 2}, seconds=90.0, chosen="tpe_depth4to8_0",
    chosen_settings=CHOSEN,
    chosen_blocks=(
        {"name": "stage1/block01", "kind": "basic", "kernel": 3, "inner": 8, "squeeze": 0,
         "residual": True, "output": "8 x 8 x 8", "parameters": 1_184, "macs": 73_728,
         "receptive_field": 7, "depth": 6},
    ),
    command="python scripts/run.py --config.model.stages=basic_r2_c8",
    winners={}, strata=("4 to 8", "9 to 14"), chosen_stratum="4 to 8",
)  # fmt: skip
SCORES = [
    ScoreRank(score="synflow", nets=18, tau=0.5, low=0.2, high=0.7, over_parameters=0.3,
              over_low=0.1, over_high=0.5, partial=0.4, word="supported"),
    ScoreRank(score="gradient_norm", nets=18, tau=-0.2, low=-0.5, high=0.1, over_parameters=-0.4,
              over_low=-0.7, over_high=-0.1, partial=0.0, word="refuted"),
    ScoreRank(score="parameters", nets=18, tau=0.2, low=-0.1, high=0.5, over_parameters=math.nan,
              over_low=math.nan, over_high=math.nan, partial=math.nan, word=""),
]  # fmt: skip


@pytest.fixture
def searched(tmp_path: Path) -> Path:
    made_study.fake_study(tmp_path)
    tables = {
        store.SEARCH: (SearchedNet, NETS),
        store.SCORES: (ScoreRank, SCORES),
        store.IMPORTANCE: (
            GeneImportance,
            [GeneImportance(gene="stage1.kind", importance=0.62, nets=30)],
        ),
        store.PROGRESS: (
            records.SearchProgress,
            [
                records.SearchProgress(
                    method=method, trained=n, validation_error=0.4 / n, depth=6.0, repeats=5
                )
                for method in ("tpe", "random")
                for n in (1, 2)
            ],
        ),
    }
    for name, (kind, rows) in tables.items():
        store.write_table(tmp_path / name, records.frame(kind, rows))
    store.write_search_info(tmp_path, INFO)
    return tmp_path


def study(path: Path) -> Study:
    return read_study(path)


def test_it_says_what_was_tried_and_chosen(searched: Path) -> None:
    search_result = study(searched).search
    assert search_result is not None
    assert search.sentence(search_result) == (
        "Of 41,990,400 choices random search trained 2 nets and turned down 0 for their cost or "
        "depth and TPE trained 4 nets and turned down 7 for their cost or depth, in depths 4 to 8 "
        "and 9 to 14 by themselves, 5 times; it took 1 min 30 s. On validation data depth 4 to 8 "
        "did best, and the search chose a net of depth 6, tpe_depth4to8_0."
    )


def test_scores_that_are_better_and_worse_are_named(searched: Path) -> None:
    search_result = study(searched).search
    assert search_result is not None
    assert search.scores_sentence(search_result.scores) == (
        "synflow ranks these 18 nets better than their number of parameters. Worse: gradient norm."
    )
    assert search.scores_sentence(search_result.scores[1:]) == (
        "No score is shown to rank these 18 nets better than their number of parameters. "
        "Worse: gradient norm."
    )


def test_a_claim_may_be_judged_by_scores(searched: Path, tmp_path: Path) -> None:
    claim = Claim("scores", "They tell.", "Look.", "So.", "run", searched, judged_by="scores")
    text = report.write_claims([claim], tmp_path / "claims.md").read_text("utf-8")
    row = next(line for line in text.splitlines() if line.startswith("| 1."))
    effect = "Kendall's tau of synflow less that of parameters 0.30 (0.10 to 0.50, 18 nets)"
    assert f"| supported | {effect} | –" in row
    assert "| synflow | 0.50 (0.20 to 0.70) | 0.30 (0.10 to 0.50) | supported | 0.40 |" in text
    assert "synflow ranks these 18 nets better than their number of parameters." in text


@pytest.mark.usefixtures("bare")
def test_the_page_has_fronts_importance_and_the_net(searched: Path) -> None:
    text = report.write(searched).read_text("utf-8")
    plain = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))
    assert "stage1: kind 62%" in plain
    assert "6,000 parameters, 60,001 MACs, validation error 10.0%" in plain
    assert "stage1/block01 basic 3 x 3 8" in plain
    assert "--config.model.stages=basic_r2_c8" in plain
    assert "synflow 0.50 (0.20 to 0.70) 0.30 (0.10 to 0.50) supported 0.40" in plain
    figures = {path.name for path in (searched / store.FIGURES).iterdir()}
    assert {"search_by_depth.svg", "search_fronts.svg", "search_progress.svg"} <= figures
    table = (searched / store.FIGURES / "search_by_depth.csv").read_text()
    assert len(table.splitlines()) == len(NETS)  # a heading, and all but the one that diverged


def test_a_study_without_a_search_has_no_section(tmp_path: Path) -> None:
    made_study.fake_study(tmp_path)
    assert search.section(study(tmp_path)) is None
