"""A run goes on with the images that it has learned, and with no others."""

from __future__ import annotations

import dataclasses
import re
import shutil
from pathlib import Path

import pytest
from image_folders import mixed_animals

from depthstudy import data, execute, plan, store
from depthstudy.analysis import opening
from depthstudy.config import DataConfig, StudyConfig
from depthstudy.errors import InputError
from depthstudy.study.facts import data_info


def study_of(root: Path, source_dir: str, **options: object) -> StudyConfig:
    images = DataConfig(
        name="folder",
        source_dir=source_dir,
        data_dir=str(root.parent / "cache"),
        **options,  # type: ignore[arg-type]
    )
    return dataclasses.replace(StudyConfig(), data=images)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return mixed_animals(tmp_path)


@pytest.fixture
def workdir(root: Path) -> Path:
    """A study's folder, in which a run has begun on the images."""
    workdir = root.parent / "work"
    _, (variant,) = plan.prepare(study_of(root, str(root)))
    stored = dataclasses.asdict(variant.config)
    info = store.RunInfo(
        study="study",
        variant=variant.name,
        seed=0,
        arch=variant.spec.to_json(),
        config={group: stored[group] for group in ("model", "data", "train", "prune")},
        dataset=variant.dataset.name,
        image_shape=variant.dataset.image_shape,
        class_names=variant.dataset.class_names,
    )
    store.RunStore.of(workdir, variant.name, 0).write_info(info)
    data_info.write(workdir, [variant])
    return workdir


def check(study: StudyConfig, workdir: Path) -> None:
    prepared, variants = plan.prepare(study)
    execute.check(prepared, variants, workdir)


def test_the_same_images_elsewhere_are_the_same(
    root: Path, workdir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(root, tmp_path / "copy", copy_function=shutil.copyfile)
    monkeypatch.chdir(root.parent)
    for source_dir in (f"{root}/", "images", str(tmp_path / "copy")):
        check(study_of(root, source_dir, workers=3), workdir)


def test_a_changed_folder_says_what_changed(root: Path, workdir: Path) -> None:
    """An image more, one less, one of other bytes and one in another class."""
    (root / "cat" / "new.png").write_bytes((root / "owl" / "01.png").read_bytes())
    (root / "cat" / "01.png").unlink()
    (root / "cat" / "02.png").write_bytes((root / "cat" / "03.png").read_bytes())
    message = rf"the images of {root} \(1 added, 1 removed, 1 other bytes\)"
    with pytest.raises(InputError, match=message) as caught:
        check(study_of(root, str(root)), workdir)
    assert not re.search("folder_[0-9a-f]{16}", str(caught.value))


def test_what_is_measured_is_what_was_learned(root: Path, workdir: Path) -> None:
    """With its classes renamed a run is measured on the prepared images, or not at all."""
    (run,) = (workdir / "runs").glob("*/seed0")
    info = store.RunStore(run).read_info()
    assert info is not None
    (root / "cat").rename(root / "zebra")
    data_config = study_of(root, str(root)).data
    learned = opening.images_of(run, info, data_config, data.Datasets())
    assert learned.class_names == ("cat", "dog", "owl")
    shutil.rmtree(root.parent / "cache")
    with pytest.raises(InputError, match=r"has learned other images .* \(15 added, 15 removed\)"):
        opening.images_of(run, info, data_config, data.Datasets())


def test_errors_of_data_do_not_speak_of_variants(root: Path) -> None:
    shutil.rmtree(root / "cat")
    shutil.rmtree(root / "owl")
    with pytest.raises(InputError, match=rf"^{root} has only one class, 'dog'"):
        plan.prepare(study_of(root, str(root)))


def test_a_set_is_described_as_it_is_used(root: Path) -> None:
    _, variants = plan.prepare(study_of(root, str(root), image_size=5))
    (info,) = data_info.of_plan(variants)
    assert {split.name: split.counts for split in info.splits} == {
        "train": (10, 5, 6),
        "validation": (2, 1, 2),
        "test": (3, 1, 2),
    }
    assert (
        info.fit == "cropped to the center (0 of 32 images lose more than a quarter of their area)"
    )
    assert info.splits[2].majority_error == 0.5
    assert "one test image is 16.7 points of error" in info.notes[1]
    text = " ".join(" ".join(data_info.lines(info)).split())
    assert text.startswith(
        f"data: {root}: 21 train, 5 validation, 6 test images of 3 classes; 5 x 6"
    )
    assert "always naming the largest class errs on 50.0% of the test images" in text


def test_images_that_lose_nothing_are_not_called_cropped() -> None:
    digits = DataConfig(name="digits", image_size=16)
    _, variants = plan.prepare(dataclasses.replace(StudyConfig(), data=digits))
    (info,) = data_info.of_plan(variants)
    assert (info.sizes, info.fit) == ("8 x 8 pixels", "resized")
