"""A study from config to tables: what it trains, what it does not train again, what it refuses."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from snapshots import Page

from depthstudy import plan, records, report, store, study, train
from depthstudy.config import StudyConfig, apply
from depthstudy.errors import InputError
from depthstudy.evidence import findings
from depthstudy.evidence.panel import measure
from depthstudy.study.facts.collect import collect
from depthstudy.study.facts.runs import StudyRuns

SMALL = apply(
    StudyConfig(),
    (
        ("name", "small"),
        ("seeds", 2),
        ("model.width", 4),
        ("train.steps", 6),
        ("train.evaluations", 2),
        ("train.log_every", 3),
        ("train.placement", "pmap"),
        ("sweep", (("model.family", ("plain",)), ("model.depth", (8, 14)))),
        (
            "hypotheses",
            (
                {
                    "name": "rises",
                    "statement": "It rises.",
                    "metric": "train_error",
                    "relation": "rises",
                    "where": (("model.family", "plain"),),
                    "along": "model.depth",
                },
            ),
        ),
    ),
)


@pytest.fixture(scope="module")
def workdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("study")
    study.run(SMALL, path, command="depthstudy run small.py")
    return path


def test_tables(workdir: Path) -> None:
    summary = pd.read_csv(workdir / store.SUMMARY)
    assert list(summary) == [
        "variant", "seed", "train_error", "validation_error", "test_error", "gap", "unfinished",
        "parameters", "macs", "seconds", "balanced_error", "majority_error",
    ]  # fmt: skip
    assert list(summary["variant"]) == ["plain_depth8"] * 2 + ["plain_depth14"] * 2
    assert list(summary["seed"]) == [0, 1] * 2
    pd.testing.assert_series_equal(
        summary["gap"], summary["test_error"] - summary["train_error"], check_names=False
    )
    table = pd.read_csv(workdir / store.RECORDS, keep_default_na=False)
    assert list(table) == [
        "study", "variant", "seed", "step", "probe", "layer", "metric", "value", "low", "high",
    ]  # fmt: skip
    last = table[(table["metric"] == "test_error") & (table["step"] == 6)]
    assert list(last["value"]) == list(summary["test_error"])
    assert set(table["study"]) == {"small"}
    verdicts = pd.read_csv(workdir / store.VERDICTS)
    assert list(verdicts) == [field.name for field in dataclasses.fields(records.Verdict)]
    wide = summary.pivot(index="seed", columns="variant", values="train_error")
    effect = (wide["plain_depth14"] - wide["plain_depth8"]).mean()
    assert verdicts["effect"][0] == pytest.approx(effect)


@pytest.mark.slow
def test_variants_may_be_tested_on_other_images(tmp_path: Path) -> None:
    """On halves of the test split and on the whole: images are no pairs where sets differ."""
    halves = ("test[:50%]", "test[50%:]", "test")
    sides = [{"where": (("data.test_split", halves[1]),), "against": (("data.test_split", of),)}
             for of in (halves[0], halves[2])]  # fmt: skip
    asked = tuple(
        {"name": f"h{i}", "statement": "S.", "metric": "test_error", "relation": "less", **side}
        for i, side in enumerate(sides)
    )
    variants = tuple((f"v{i}", (("data.test_split", split),)) for i, split in enumerate(halves))
    settings = (("seeds", 3), ("model.depth", 8), ("hypotheses", asked), ("variants", variants))
    config = apply(SMALL, (*settings, ("sweep", ())))
    result = study.run(config, tmp_path)
    assert [(v.scope, v.seeds) for v in result.verdicts] == [("images like these", 3)] * 2
    assert len(result.findings.gains) == 3
    means = result.summary.groupby("variant", sort=False)["test_error"].mean()
    assert result.verdicts[0].effect == pytest.approx(means.iloc[1] - means.iloc[0])
    low, high = result.verdicts[0].low, result.verdicts[0].high
    image_error = sum(p * (1 - p) / 180 for p in means.iloc[:2]) ** 0.5
    assert high - low > 2 * 1.9 * image_error


def test_a_recommendation_is_written(workdir: Path) -> None:
    summary = pd.read_csv(workdir / store.SUMMARY)
    recommendation = store.read_recommendation(workdir)
    assert recommendation is not None
    errors = summary.loc[summary["variant"] == recommendation.variant, "test_error"]
    assert recommendation.test_error == pytest.approx(errors.mean() + recommendation.optimism)
    means = summary.groupby("variant")["validation_error"].mean()
    assert means[recommendation.best] == means.min()
    table = store.read_table(workdir / store.ATTRIBUTION, records.Attribution)
    assert list(table) == [field.name for field in dataclasses.fields(records.Attribution)]
    assert table.empty  # no treatments


def test_it_is_known_who_errs_on_which_validation_image(workdir: Path) -> None:
    prepared, variants = plan.prepare(SMALL)
    material = collect(StudyRuns(prepared, variants, workdir))
    panel = measure(material.summary, "validation_error", validated=material.validated)
    for name, arm in panel.arms.items():
        assert arm.wrong is not None, name
        assert arm.answered == len(variants[0].dataset.validation.labels)
        np.testing.assert_allclose(arm.wrong.mean(axis=1), arm.values)
    recommendation = store.read_recommendation(workdir)
    assert recommendation is not None
    assert (recommendation.chosen_on, recommendation.scope) == ("validation", "images like these")

    data = dataclasses.replace(variants[0].config.data, validation=0.3)
    other = dataclasses.replace(
        variants[0], config=dataclasses.replace(variants[0].config, data=data)
    )
    sets = collect(StudyRuns(prepared, [other, *variants[1:]], workdir)).validated
    assert [each.test_set == sets[variants[1].name].test_set for each in sets.values()] == [
        False, True
    ]  # fmt: skip


def test_a_variant_that_is_not_done_is_missed(workdir: Path) -> None:
    more = apply(SMALL, (("sweep", (("model.family", ("plain",)), ("model.depth", (8, 14, 20)))),))
    prepared, variants = plan.prepare(more)
    material = collect(StudyRuns(prepared, variants, workdir))
    (verdict,) = findings.judge(material, plan.see_untreated(prepared.hypotheses))
    assert (verdict.verdict, verdict.missing) == ("not tested", "plain_depth20")


def test_info_and_report(workdir: Path) -> None:
    info = store.read_info(workdir)
    assert info is not None
    assert [variant.group for variant in info.variants] == ["plain"] * 2
    assert info.seconds["train"] > 0
    text = report.write(workdir).read_text()
    assert "It rises." in text
    assert "depthstudy run small.py" in Page(text).text


def forbid_training(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(train, "fit", fail)
    monkeypatch.setattr(train, "build", fail)


def test_finished_runs_are_not_run_again(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = pd.read_csv(workdir / store.SUMMARY)
    forbid_training(monkeypatch)
    result = study.run(SMALL, workdir)
    pd.testing.assert_frame_equal(result.summary, before)
    fewer = apply(SMALL, (("seeds", 1), ("hypotheses", ())))
    assert len(study.run(fewer, workdir).summary) == 2
    study.run(SMALL, workdir)


def test_a_report_of_another_study_is_not_replaced_in_silence(
    workdir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    study.run(SMALL, workdir)
    assert "holds the study" not in caplog.text
    study.run(apply(SMALL, (("name", "renamed"),)), workdir)
    assert f"{workdir} holds the study small; the report and tables of renamed" in caplog.text
    study.run(SMALL, workdir)


def test_runs_say_what_they_were_trained_on_when_the_study_no_longer_does(
    workdir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "study"
    shutil.copytree(workdir, folder)
    for run in map(store.RunStore, folder.glob("runs/*/seed*")):
        info, outcome = run.read_info(), run.read_outcome()
        assert info is not None
        assert info.platform == "cpu"
        assert outcome is not None
        run.write_info(dataclasses.replace(info, platform="gpu"))
        run.write_outcome(outcome)
    forbid_training(monkeypatch)
    study.run(apply(SMALL, (("hypotheses", ()),)), folder)  # on a CPU, as all is done
    assert "trained on" not in caplog.text
    with pytest.raises(AssertionError, match="trained again"):
        study.run(apply(SMALL, (("seeds", 3),)), folder)
    (message,) = [line for line in caplog.messages if "trained on" in line]
    assert message.startswith("runs were trained on gpu before, and what is left is trained on cpu")
    assert "train.precision='auto'" in message


def test_another_config_is_refused(workdir: Path) -> None:
    message = r"learning_rate \(0.1, now 0.2\).*take another --workdir"
    with pytest.raises(InputError, match=message):
        study.run(apply(SMALL, (("train.learning_rate", 0.2),)), workdir)


def test_two_at_once_are_refused(workdir: Path) -> None:
    with store.lock(workdir), pytest.raises(InputError, match="another process"):
        study.run(SMALL, workdir)


def test_a_run_folder_describes_itself(workdir: Path) -> None:
    run = store.RunStore.of(workdir, "plain_depth14", 1)
    info = run.read_info()
    assert info is not None
    assert (info.variant, info.seed, info.image_shape) == ("plain_depth14", 1, (8, 8, 1))
    assert info.config["model"]["width"] == 4
    rows = [row for row in run.read_records() if row.probe == "training"]
    assert rows[0] == records.Record(
        study="small",
        variant="plain_depth14",
        seed=1,
        step=3,
        probe="training",
        metric="loss",
        value=rows[0].value,
    )
