"""Probes on a study's own runs: what is measured, what is not measured again, what is refused."""

from __future__ import annotations

import contextlib
import math
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from depthstudy import data, records, report, store, study
from depthstudy.analysis import opening, runs
from depthstudy.config import StudyConfig, apply
from depthstudy.errors import InputError
from depthstudy.execute import Session, measurement
from depthstudy.plan import Variant, prepare

pytestmark = pytest.mark.slow

PROBED = apply(
    StudyConfig(),
    (
        ("name", "probed"),
        ("model.width", 4),
        ("data.validation", 0.0),
        ("train.steps", 25),
        ("train.evaluations", 2),
        ("train.log_every", 2),
        ("train.keep_checkpoints", 1),
        ("train.placement", "pmap"),
        ("sweep", (("model.family", ("resnet",)), ("model.depth", (14,)))),
        (
            "treatments",
            (
                {
                    "name": "removal",
                    "mechanism": "redundancy",
                    "settings": (("prune.blocks", 1.0), ("prune.fine_tune_epochs", 1)),
                },
            ),
        ),
        ("probes", ("gradients", "field")),
        ("probe_examples", 100),
    ),
)
NAMES = ["resnet_depth14", "resnet_depth14+removal"]
STEPS = {NAMES[0]: 25, NAMES[1]: 11}


@pytest.fixture(scope="module")
def workdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("probed")
    study.run(PROBED, path, command="python scripts/run.py")
    return path


def measured(workdir: Path, name: str) -> list[records.Record]:
    return store.RunStore.of(workdir, name, 0).read_probes()


def test_every_variant_is_measured(workdir: Path) -> None:
    for name in NAMES:
        rows = measured(workdir, name)
        assert {row.probe for row in rows} == {"gradients", "field"}
        assert {(row.variant, row.seed, row.step) for row in rows} == {(name, 0, STEPS[name])}
        assert [row.value for row in rows if row.metric == "examples"] == [100.0] * 2
    table = store.read_table(workdir / store.RECORDS, records.Record)
    probed = table[table["probe"].isin(PROBED.probes)]
    assert list(dict.fromkeys(probed["variant"])) == NAMES
    assert len(probed) == sum(len(measured(workdir, name)) for name in NAMES)
    info = store.read_info(workdir)
    assert info is not None
    seconds = probed.loc[probed["metric"] == "seconds", "value"].sum()
    assert info.seconds["measure"] == pytest.approx(seconds)


def test_gradients_are_those_at_the_beginning_early_and_at_the_end(workdir: Path) -> None:
    run = store.RunStore.of(workdir, NAMES[0], 0)
    assert run.checkpoints.all_steps() == [2, 25]  # 2 is the first point past a twentieth
    values = {(row.layer, row.metric): row.value for row in measured(workdir, NAMES[0])}
    stem = [values["stem/conv", f"gradient_norm{when}"] for when in ("_initial", "_early", "")]
    assert len(set(stem)) == 3
    assert min(stem) > 0
    for when in ("_initial", "_early", ""):
        ratio = values["stem/conv", f"update_to_weight{when}"]
        ratio /= values["stem/conv", f"gradient_to_weight{when}"]
        # The schedule is a cosine from 0.1: of the next step, but of the last one in the end.
        rate = {"_initial": 0.1, "_early": 0.0984292, "": 0.000394265}[when]
        assert ratio == pytest.approx(rate, rel=1e-4)


def test_a_pruned_net_began_as_a_trained_one_and_lacks_its_blocks(workdir: Path) -> None:
    rows = measured(workdir, NAMES[1])
    metrics = {row.metric for row in rows}
    assert "gradient_norm_early" in metrics
    assert "gradient_norm_initial" not in metrics
    layers = {row.layer for row in rows if row.metric == "gradient_norm"}
    dense = {row.layer for row in measured(workdir, NAMES[0]) if row.metric == "gradient_norm"}
    gone = {f"stage{i}/block02/conv{j}" for i in (1, 2, 3) for j in (1, 2)}
    assert dense - layers == gone


def test_the_same_as_an_analysis_of_the_run(workdir: Path, tmp_path: Path) -> None:
    folder = store.RunStore.of(workdir, NAMES[0], 0).folder
    runs.analyze([folder], tmp_path, names=["gradients"], examples=100)
    table = store.read_table(tmp_path / store.ANALYSIS, records.Record)
    rows = [row for row in measured(workdir, NAMES[0]) if row.probe == "gradients"]
    rows = [row for row in rows if row.metric not in ("examples", "seconds")]
    assert list(table["value"]) == [row.value for row in rows]
    assert list(table["layer"]) == [row.layer for row in rows]


def test_a_damaged_checkpoint_is_made_again_where_it_is_to_be_measured(
    workdir: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    copy = shutil.copytree(workdir, tmp_path / "copy")
    run = store.RunStore.of(copy, NAMES[0], 0)
    array = max((run.checkpoints.folder / "25").rglob("*"), key=lambda path: path.stat().st_size)
    damaged = bytearray(array.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    array.write_bytes(damaged)
    same, variants = prepare(PROBED)
    measurement.repair_measured(same, variants, copy)
    assert run.read_outcome()  # it was measured when it was whole
    run.write_probes([])
    measurement.repair_measured(same, variants, copy)
    assert run.read_outcome() is None
    assert "the run is finished again" in caplog.text
    study.run(PROBED, copy, command="python scripts/run.py")
    again = [row for row in measured(copy, NAMES[0]) if row.metric != "seconds"]
    assert again == [row for row in measured(workdir, NAMES[0]) if row.metric != "seconds"]


def measure(asked: StudyConfig, variants: Sequence[Variant], workdir: Path) -> None:
    with contextlib.closing(Session(asked, variants, workdir)) as session:
        measurement.measure(session, asked, variants, workdir)


def test_only_what_is_missing_is_measured(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []
    before = {name: measured(workdir, name) for name in NAMES}
    real = runs.measured

    def watch(run: opening.Analyzed, name: str) -> list[records.Record]:
        asked.append((run.info.variant, name))
        return real(run, name)

    def fail(*_: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr(runs, "measured", watch)
    same, variants = prepare(PROBED)
    monkeypatch.setattr(data, "load", fail)
    measure(same, variants, workdir)
    assert asked == []
    interrupted = store.RunStore.of(workdir, NAMES[1], 0)
    interrupted.write_probes([row for row in before[NAMES[1]] if row.probe != "field"])
    measure(same, variants, workdir)
    assert asked == [(NAMES[1], "field")]
    again = [row for row in measured(workdir, NAMES[1]) if row.metric != "seconds"]
    assert again == [row for row in before[NAMES[1]] if row.metric != "seconds"]
    asked.clear()
    fewer = apply(PROBED, (("probes", ("field",)), ("probe_examples", 60)))
    measure(fewer, variants, workdir)
    assert asked == [(name, "field") for name in NAMES]
    assert measurement.unmeasured(same, interrupted) == ["field"]
    measure(same, variants, workdir)


def test_a_pruned_run_is_opened_as_what_it_is(workdir: Path) -> None:
    """Each seed has its own architecture: the run's own value counts, not the variant's."""
    run = store.RunStore.of(workdir, NAMES[1], 0)
    opened = opening.open_run(run.folder, None, 100, data.Datasets())
    info = run.read_info()
    assert info is not None
    assert opened.probe_input.spec.to_json() == info.arch
    assert opened.probe_input.initial is None
    rate = opened.probe_input.rates["_initial"]
    assert rate == pytest.approx(0.1)
    assert opened.probe_input.rates["_early"] == pytest.approx(
        0.05 * (1 + math.cos(math.pi * 2 / 11))
    )


def test_the_report_shows_them(workdir: Path) -> None:
    study.run(PROBED, workdir)
    text = report.write(workdir).read_text()
    assert "layer by layer" in text


@pytest.mark.parametrize(
    ("probes", "message"),
    [
        (
            ("gradient",),
            "config.probes: no probe 'gradient'; allowed: generalization, memorization",
        ),
        (("field", "field"), "config.probes names 'field' twice"),
    ],
)
def test_bad_probes_are_refused(probes: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        prepare(apply(PROBED, (("probes", probes),)))


def test_more_seeds_than_there_are_is_all(tmp_path: Path) -> None:
    for asked, seeds, measured in ((5, 2, 2), (2, 3, 2), (1, 3, 1)):
        many, variants = prepare(apply(PROBED, (("probe_seeds", asked), ("seeds", seeds))))
        measured_runs = measurement.runs(many, variants[0], tmp_path)
        assert [run.folder.name for run in measured_runs] == [f"seed{i}" for i in range(measured)]
