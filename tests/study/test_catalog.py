"""What a study says of its metrics: all that it measured is in its tables, with its meaning."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from depthstudy import analysis, probes, records, store, study
from depthstudy.config import StudyConfig, apply

pytestmark = pytest.mark.slow

PROBES = ("sharpness", "isometry", "generalization")
CONFIG = apply(
    StudyConfig(),
    (
        ("model.width", 4),
        ("train.steps", 4),
        ("train.evaluations", 1),
        ("train.log_every", 2),
        ("train.batch_size", 32),
        ("train.eval_batch_size", 32),
        ("train.eval_train_examples", 64),
        ("data.train_examples", 64),
        ("sweep", (("model.family", ("plain",)), ("model.depth", (8,)))),
        ("probes", ("sharpness", "isometry", "generalisation")),  # the last as it was once named
        ("probe_examples", 64),
    ),
)


@pytest.fixture(scope="module")
def workdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("catalog")
    study.run(CONFIG, path)
    return path


def test_all_that_was_measured_is_in_the_records_and_described(workdir: Path) -> None:
    info = store.read_info(workdir)
    assert info is not None
    assert set(info.metrics) == {"training", "evaluation", "run", *PROBES}
    table = store.read_table(workdir / store.RECORDS, records.Record)
    seen = {name: set() for name in info.metrics}
    for probe, layer, name in table[["probe", "layer", "metric"]].itertuples(index=False):
        metric = records.find_metric(info.metrics[probe], name, per_layer=bool(layer))
        assert metric is not None, f"{probe} does not declare {name}"
        seen[probe].add(metric)
    for name in PROBES:
        assert seen[name] == set(info.metrics[name])
        assert info.metrics[name][: len(probes.PROBES[name].metrics)] == probes.PROBES[name].metrics
        assert info.probe_titles[name] == probes.PROBES[name].title
    assert seen["evaluation"] == set(info.metrics["evaluation"])
    assert {metric.name for metric in seen["training"]} == {"loss", "error"}
    assert {"train_seconds", "eval_seconds"} <= {metric.name for metric in seen["run"]}


def test_an_analysis_describes_what_it_compares_too(workdir: Path, tmp_path: Path) -> None:
    folder = store.RunStore.of(workdir, "plain_depth8", 0).folder
    analysis.analyze([folder, folder], tmp_path, names=["generalisation", "cka"], examples=64)
    info = store.read_analysis_info(tmp_path)
    assert info is not None
    between = "cka with plain_depth8 seed 0"
    assert info.metrics == {
        "generalization": probes.PROBES["generalization"].metrics,
        "cka": probes.PROBES["cka"].metrics,
        between: probes.CROSS_METRICS,
    }
    assert set(info.probes) == set(info.probe_titles) == {"generalization", "cka"}
    table = store.read_table(tmp_path / store.ANALYSIS, records.Record)
    assert set(table["probe"]) == set(info.metrics)
    assert set(table.loc[table["probe"] == between, "metric"]) == {"cross_cka"}


def test_files_without_a_catalog_are_read(workdir: Path, tmp_path: Path) -> None:
    text = (workdir / "study.json").read_text()
    info = store.read_info(workdir)
    assert info is not None
    bare = {
        name: value
        for name, value in json.loads(text).items()
        if name not in ("metrics", "probe_titles")
    }
    store.write_json(tmp_path / "study.json", bare)
    bare_info = store.read_info(tmp_path)
    assert bare_info is not None
    assert bare_info == dataclasses.replace(info, metrics={}, probe_titles={})
