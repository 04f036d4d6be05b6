"""Probes on a study's own runs: what is measured, what is not measured again, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from depthstudy import data, records, report, store, study
from depthstudy.config import StudyConfig, apply
from depthstudy.errors import InputError
from depthstudy.study import analysis, measurement
from depthstudy.study.plan import prepare

PROBED = apply(
    StudyConfig(),
    (
        ("name", "probed"),
        ("seeds", 2),
        ("model.width", 4),
        ("train.steps", 25),
        ("train.evaluations", 2),
        ("train.log_every", 2),
        ("train.keep_checkpoints", 1),
        ("train.placement", "pmap"),
        ("sweep", (("model.family", ("plain",)), ("model.depth", (8,)))),
        (
            "treatments",
            (
                {
                    "name": "residual",
                    "mechanism": "optimisation",
                    "settings": (("model.family", "resnet"),),
                },
            ),
        ),
        ("probes", ("gradients", "linear", "field")),
        ("probe_examples", 100),
    ),
)
NAMES = ["plain_depth8", "plain_depth8+residual"]


@pytest.fixture(scope="module")
def workdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("probed")
    study.run(PROBED, path, command="python scripts/run.py")
    return path


def measured(workdir: Path, name: str, seed: int = 0) -> list[records.Record]:
    return store.RunStore.of(workdir, name, seed).read_probes()


def test_every_variant_is_measured_on_the_first_seed(workdir: Path) -> None:
    for name in NAMES:
        rows = measured(workdir, name)
        assert {row.probe for row in rows} == {"gradients", "linear", "field"}
        assert {(row.variant, row.seed, row.step) for row in rows} == {(name, 0, 25)}
        assert [row.value for row in rows if row.metric == "examples"] == [100.0] * 3
        assert measured(workdir, name, seed=1) == []
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
    checkpoints = run.open_checkpoints()
    assert sorted(checkpoints.all_steps()) == [2, 25]  # 2 is the first point past a twentieth
    checkpoints.close()
    found = {(row.layer, row.metric): row.value for row in measured(workdir, NAMES[0])}
    stem = [found["stem/conv", f"gradient_norm{when}"] for when in ("_initial", "_early", "")]
    assert len(set(stem)) == 3
    assert min(stem) > 0
    for when in ("_initial", "_early", ""):
        ratio = found["stem/conv", f"update_to_weight{when}"]
        ratio /= found["stem/conv", f"gradient_to_weight{when}"]
        # The schedule is a cosine from 0.1: of the next step, but of the last one in the end.
        rate = {"_initial": 0.1, "_early": 0.0984292, "": 0.000394265}[when]
        assert ratio == pytest.approx(rate, rel=1e-4)


def test_the_same_as_an_analysis_of_the_run(workdir: Path, tmp_path: Path) -> None:
    folder = store.RunStore.of(workdir, NAMES[1], 0).folder
    analysis.analyze([folder], tmp_path, names=["linear"], examples=100)
    table = store.read_table(tmp_path / store.ANALYSIS, records.Record)
    rows = [row for row in measured(workdir, NAMES[1]) if row.metric == "probe_accuracy"]
    assert list(table["value"]) == [row.value for row in rows]
    assert list(table["layer"]) == [row.layer for row in rows]


def test_only_what_is_missing_is_measured(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []
    before = {name: measured(workdir, name) for name in NAMES}
    real = analysis.measured

    def watch(run: analysis.Analysed, name: str) -> list[records.Record]:
        asked.append((run.info.variant, name))
        return real(run, name)

    def fail(*_: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr(analysis, "measured", watch)
    same, variants = prepare(PROBED)
    monkeypatch.setattr(data, "load", fail)
    measurement.measure(same, variants, workdir)
    assert asked == []
    interrupted = store.RunStore.of(workdir, NAMES[1], 0)
    interrupted.write_probes([row for row in before[NAMES[1]] if row.probe != "field"])
    measurement.measure(same, variants, workdir)
    assert asked == [(NAMES[1], "field")]
    again = [row for row in measured(workdir, NAMES[1]) if row.metric != "seconds"]
    assert again == [row for row in before[NAMES[1]] if row.metric != "seconds"]
    asked.clear()
    fewer = apply(PROBED, (("probes", ("field",)), ("probe_examples", 60)))
    measurement.measure(fewer, variants, workdir)
    assert asked == [(name, "field") for name in NAMES]
    assert measurement.unmeasured(same, interrupted) == ["field"]
    measurement.measure(same, variants, workdir)


def test_the_run_folder_says_what_the_net_is(
    workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs of one variant may differ in architecture: the variant's own value must not be used."""
    _, variants = prepare(apply(PROBED, (("treatments", ()),)))
    seen = []

    def note(run: analysis.Analysed, name: str) -> list[records.Record]:
        seen.append(run.subject.spec)
        return []

    monkeypatch.setattr(analysis, "measured", note)
    other = apply(PROBED, (("probes", ("rank",)),))
    monkeypatch.setattr(store.RunStore, "write_probes", lambda *_: None)
    measurement.measure(other, variants, workdir)
    info = store.RunStore.of(workdir, NAMES[0], 0).read_info()
    assert info is not None
    assert [spec.to_json() for spec in seen] == [info.arch]


def test_the_report_shows_them(workdir: Path) -> None:
    study.run(PROBED, workdir)
    text = report.write(workdir).read_text()
    assert "layer by layer" in text


@pytest.mark.parametrize(
    ("probes", "message"),
    [
        (
            ("gradient",),
            "config.probes: no probe 'gradient'; allowed: generalisation, memorisation",
        ),
        (("field", "field"), "config.probes names 'field' twice"),
    ],
)
def test_bad_probes_are_refused(probes: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        prepare(apply(PROBED, (("probes", probes),)))


def test_more_seeds_than_there_are_is_all(tmp_path: Path) -> None:
    many, (variant, _) = prepare(apply(PROBED, (("probe_seeds", 5),)))
    assert len(measurement.runs(many, variant, tmp_path)) == 2
