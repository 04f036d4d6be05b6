"""Studies that add seeds until their hypotheses are decided."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from made_study import describe

from depthstudy import plan, stats, store, study
from depthstudy.config import StudyConfig, apply
from depthstudy.errors import InputError
from depthstudy.store import RunStore
from depthstudy.study.facts.looks import looks_of
from depthstudy.study.facts.runs import StudyRuns
from depthstudy.study.forecast.describe import following

LARGER = {
    "name": "larger",
    "statement": "A net of depth 14 has more parameters than one of depth 8.",
    "metric": "parameters",
    "relation": "greater",
    "where": (("model.depth", 14),),
    "against": (("model.depth", 8),),
}
WIDER = {
    "name": "wider",
    "statement": "A net that has seen two batches errs otherwise if it is wider.",
    "metric": "test_error",
    "relation": "equivalent",
    "where": (("model.width", 5),),
    "against": (("model.depth", 8), ("model.width", 4)),
    "margin": 1e-6,
}
TINY = (
    ("seeds_until_settled", 4),
    ("data.train_examples", 100),
    ("train.steps", 2),
    ("train.batch_size", 32),
    ("train.evaluations", 1),
    ("processes", 1),
)
VARIANTS = (
    ("deep", (("model.depth", 14), ("model.width", 4))),
    ("shallow", (("model.depth", 8), ("model.width", 4))),
    ("wide", (("model.depth", 8), ("model.width", 5))),
)


@pytest.mark.slow
def test_seeds_are_added_to_what_is_open_only(tmp_path: Path) -> None:
    config = apply(StudyConfig(), (*TINY, ("variants", VARIANTS), ("hypotheses", (LARGER, WIDER))))
    result = study.run(config, tmp_path)
    larger, wider = result.verdicts
    assert (larger.verdict, larger.seeds) == ("supported", 3)
    assert (wider.verdict, wider.seeds) == ("inconclusive", 4)
    counts = result.summary.groupby("variant").size().to_dict()
    assert counts == {"deep": 3, "shallow": 4, "wide": 4}
    before = RunStore.of(tmp_path, "wide", 3).folder.stat().st_mtime_ns
    again = study.run(config, tmp_path)
    assert again.verdicts == result.verdicts
    assert RunStore.of(tmp_path, "wide", 3).folder.stat().st_mtime_ns == before


def test_a_folder_remembers_at_how_many_seeds_it_was_looked(tmp_path: Path) -> None:
    once = apply(StudyConfig(), (("seeds", 3), ("hypotheses", (LARGER,))))
    asked = apply(once, (("seeds_until_settled", 5),))
    runs = StudyRuns(asked, (), tmp_path)
    assert looks_of(runs) == stats.nominal_levels((3, 5))
    for config, made in ((once, ()), (asked, ((3, 0.05), (5, 0.01)))):
        info = dataclasses.replace(describe([], 3), config=dataclasses.asdict(config), looks=made)
        store.write_info(tmp_path, info)
        assert looks_of(runs) == {3: 0.05, 5: pytest.approx(0.01)}
    assert looks_of(StudyRuns(once, (), tmp_path)) == {}


def test_what_cannot_be_settled_is_refused() -> None:
    few = apply(StudyConfig(), (("seeds_until_settled", 3),))
    with pytest.raises(InputError, match="has to be more than the 3 seeds of the first look"):
        plan.prepare(few)
    with pytest.raises(InputError, match=r"needs config\.hypotheses"):
        plan.prepare(apply(StudyConfig(), (("seeds_until_settled", 5),)))
    most = apply(StudyConfig(), (("seeds_until_settled", 5), ("hypotheses", (LARGER,))))
    text = following(*plan.prepare(apply(most, (("variants", VARIANTS), *TINY[1:]))))
    assert "then seeds are added, up to 5" in text
