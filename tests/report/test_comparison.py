"""Studies side by side, from made-up tables."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import made_study
import pandas as pd
import pytest

import depthstudy
from depthstudy import records, report, store
from depthstudy.errors import InputError


def studies(folder: Path) -> tuple[Path, Path]:
    """Returns two studies, the second longer trained, of another name, and a point better."""
    one, other = (made_study.fake_study(folder / name) for name in ("one", "other"))
    info = store.read_info(other)
    assert info is not None
    means = store.read_table(other / store.MEANS, records.Mean)
    is_error = means["metric"] == "test_error"
    means.loc[is_error, ["mean", "low", "high"]] -= 0.01
    store.write_table(other / store.MEANS, means)
    config = {**info.config, "name": "longer", "train": {**info.config["train"], "epochs": 99}}
    store.write_info(other, dataclasses.replace(info, name="longer", config=config))
    return one, other


def test_what_differs_is_in_the_frames_and_on_the_page(tmp_path: Path) -> None:
    one, other = studies(tmp_path)
    comparison = depthstudy.compare(one, str(other))
    first, second = comparison.names
    assert second == "longer"
    assert list(comparison.settings.index) == ["train.epochs"]
    assert comparison.settings.loc["train.epochs", "longer"] == "99"
    errors = comparison.errors.pivot(index="variant", columns="study", values="mean")
    pd.testing.assert_series_equal(errors[first] - 0.01, errors["longer"], check_names=False)
    info = store.read_info(one)
    assert info is not None
    assert set(errors.index) == {variant.name for variant in info.variants}
    assert len(comparison.verdicts) == 2 * len(info.config["hypotheses"])
    assert comparison.notes == (
        "Errors are not those of equals: their nets are not trained by the same recipe "
        "(train.epochs differs).",
    )
    path = report.write_comparison(comparison, tmp_path / "out")
    text = path.read_text(encoding="utf-8")
    assert comparison.notes[0] in text
    assert "the 95% interval, for seeds and, where each answer is known, test images." in text
    assert "train.epochs" in text
    for verdict in comparison.verdicts["statement"]:
        assert verdict in text
    assert len(pd.read_csv(tmp_path / "out" / "errors.csv")) == len(comparison.errors)
    lines = report.comparison_text(comparison).splitlines()
    assert " ".join(line.strip() for line in lines[:2]) == comparison.notes[0]
    assert max(map(len, lines)) <= 80
    assert any(line.split()[:1] == [info.variants[0].name] for line in lines)


def test_other_nets_of_the_same_name_are_not_equals(tmp_path: Path) -> None:
    one, other = (made_study.fake_study(tmp_path / name) for name in ("one", "other"))
    info = store.read_info(other)
    assert info is not None
    config = {**info.config, "model": {"width": 32}}
    store.write_info(other, dataclasses.replace(info, config=config))
    assert depthstudy.compare(one, other).notes == (
        "Errors are not those of equals: nets of the same name are not the same nets (model.width "
        "differs).",
    )


def test_errors_of_another_kind_are_not_those_of_equals(tmp_path: Path) -> None:
    one, other = (made_study.fake_study(tmp_path / name) for name in ("one", "other"))
    info = store.read_info(other)
    assert info is not None
    store.write_info(
        other, dataclasses.replace(info, config={**info.config, "metric": "balanced_error"})
    )
    assert depthstudy.compare(one, other).notes == (
        "Errors are not those of equals: they are shares of all images in one study, and means "
        "over classes in another (metric differs).",
    )


def of_images(name: str) -> records.DataInfo:
    """Returns what is known of a folder of images, whose name says what is in it."""
    return records.DataInfo(
        variants=("plain-8",), name=name, title="animals", class_names=("cat", "dog"), splits=(),
        image_shape=(8, 8, 1), sizes="", fit="",
    )  # fmt: skip


@pytest.mark.parametrize("name", ["folder_one", "folder_other"])
def test_other_images_by_the_same_settings_are_told(tmp_path: Path, name: str) -> None:
    one, other = (made_study.fake_study(tmp_path / folder) for folder in ("one", "other"))
    store.write_data(one, [], [of_images("folder_one")])
    assert depthstudy.compare(one, other).notes == ()  # what an earlier version read is not known
    store.write_data(other, [], [of_images(name)])
    note = (
        "Errors are not those of equals: they do not learn from, or are not tested on, the same "
        "images (what is in the files differs).",
    )
    assert depthstudy.compare(one, other).notes == (note if name == "folder_other" else ())


def test_what_cannot_be_compared_is_named(tmp_path: Path) -> None:
    one, _ = studies(tmp_path)
    with pytest.raises(InputError, match="two studies or more"):
        report.compare(one)
    with pytest.raises(InputError, match="absent holds no finished study"):
        report.compare(one, tmp_path / "absent")
