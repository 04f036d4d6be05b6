"""A study of arrays, from the call to the net that one takes."""

from __future__ import annotations

import pydoc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import depthstudy
from depthstudy import config, data
from depthstudy.data import Dataset
from depthstudy.data.sources import arrays_file
from depthstudy.errors import InputError

SHORT = {"train.steps": 8, "train.warmup_steps": 2, "processes": 1}


def arrays(digits: Dataset, count: int = 60) -> tuple[np.ndarray, np.ndarray]:
    batch = digits.train.read(np.arange(count))
    return np.asarray(batch.images), np.asarray(batch.labels)


def test_a_file_of_arrays_is_the_set_that_was_given(digits: Dataset, tmp_path: Path) -> None:
    images, labels = arrays(digits, 200)
    splits = {"train": (images[:100], labels[:100]), "test": (images[100:, ..., 0], labels[100:])}
    path = tmp_path / "images.npz"
    path.write_bytes(arrays_file.encode(splits, None))
    assert arrays_file.encode(splits, None) == path.read_bytes()
    dataset = data.load(
        config.DataConfig(name=arrays_file.NAME, source_dir=str(path), validation=0.0)
    )
    np.testing.assert_array_equal(dataset.train.read(np.arange(100)).images, images[:100])
    np.testing.assert_array_equal(dataset.test.read(np.arange(100)).labels, labels[100:])
    path.write_text("nothing")
    with pytest.raises(InputError, match="is no file of arrays"):
        data.load(config.DataConfig(name=arrays_file.NAME, source_dir=str(path)))


@pytest.mark.slow
def test_from_arrays_to_a_net(digits: Dataset, tmp_path: Path) -> None:
    images, labels = arrays(digits)
    names = [f"digit {n}" for n in range(10)]
    result = depthstudy.study(
        images, labels, depths=(8,), families=("resnet",), seeds=2, class_names=names,
        workdir=tmp_path / "work", settings=SHORT,
    )  # fmt: skip
    assert list(result.summary["variant"]) == ["resnet_depth8"] * 2
    errors = result.summary["test_error"]
    assert result.means.loc["resnet_depth8", ("mean", "test_error")] == pytest.approx(errors.mean())
    assert result.verdicts.empty
    assert result.report.exists()
    assert "<svg" in result.figures[result.figures.names()[0]]._repr_svg_()
    assert "train" in result._repr_html_()
    net = result.recommend()
    assert net.classes == tuple(names)
    split = config.DataConfig(name=arrays_file.NAME, source_dir=str(tmp_path / "work/images.npz"))
    tested = data.load(split).test
    assert len(tested) == 12  # a fifth
    batch = tested.read(np.arange(len(tested)))
    wrong = np.mean(net.predict(np.asarray(batch.images)).labels != batch.labels)
    seed = int(net.folder.name.removeprefix("seed"))
    assert wrong == pytest.approx(errors[seed])
    with pytest.raises(InputError, match="holds a study of other images"):
        depthstudy.study(images[:50], labels[:50], workdir=tmp_path / "work")


def test_wrong_arrays_are_named(digits: Dataset, tmp_path: Path) -> None:
    images, labels = arrays(digits)
    for wrong, message in (
        ((images.astype(np.float32), labels), "images are float32"),
        ((images, labels[:-1]), "labels are int32"),
        ((images, labels / 2), "labels are float64"),
    ):
        with pytest.raises(InputError, match=message):
            depthstudy.study(*wrong, workdir=tmp_path / "work")
    with pytest.raises(InputError, match=r"config.train has no field 'stepz'"):
        depthstudy.study(images, labels, workdir=tmp_path / "work", settings={"train.stepz": 1})
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"families": ("resnett",)}, r"no family 'resnett'"),
        ({"depths": (9,)}, "depth"),
        ({"settings": {"train.placement": "jit", "tune": (("train.steps", (1,)),)}}, "not tuned"),
    ],
)
def test_images_are_not_kept_where_the_study_is_refused(
    digits: Dataset, tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    images, labels = arrays(digits)
    with pytest.raises(InputError, match=message):
        depthstudy.study(images, labels, workdir=tmp_path / "work", **options)
    assert not list(tmp_path.rglob("images.npz"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model.depth": 56}, r"config.model.depth is swept over \(8, 20, 44\)"),
        ({"train.steps": 4, "train.epochs": 3}, "config.train.epochs is not read, as config.train"),
    ],
)
def test_a_setting_that_would_change_nothing_is_refused(
    digits: Dataset, tmp_path: Path, settings: dict[str, Any], message: str
) -> None:
    images, labels = arrays(digits)
    with pytest.raises(InputError, match=message):
        depthstudy.study(images, labels, workdir=tmp_path / "work", settings=settings)
    assert not list(tmp_path.rglob("images.npz"))


def test_help_shows_an_example() -> None:
    text = pydoc.render_doc(depthstudy, renderer=pydoc.plaintext)
    assert ">>> result = ds.study(images, labels, depths=(8, 20, 44))" in text
    assert set(depthstudy.__all__) <= set(dir(depthstudy))
    assert all(getattr(depthstudy, name) is not None for name in depthstudy.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = depthstudy.nothing
