"""A net that was loaded classifies files and arrays alike, as in its training."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import made_study
import numpy as np
import pytest
from PIL import Image
from trained_nets import write_run

from depthstudy import arch, deploy, store
from depthstudy.errors import InputError
from depthstudy.records import Recommendation

GENERATOR = np.random.default_rng(3)
GRAY = GENERATOR.integers(0, 256, (5, 8, 8), np.uint8)


def write_images(folder: Path, pixels: np.ndarray) -> list[Path]:
    folder.mkdir(parents=True)
    paths = [folder / f"{place}.png" for place in range(len(pixels))]
    for path, image in zip(paths, pixels, strict=True):
        Image.fromarray(image).save(path)
    return paths


def recommendation(name: str) -> Recommendation:
    return Recommendation(
        variant=name, group="plain", treatment="", depth=8, parameters=1, macs=1, seconds=1.0,
        test_error=0.1, low=None, high=None, seeds=3, best=name, over_best=0.0,
        macs_saved_best=0.0, deepest=name, over_deepest=0.0, macs_saved_deepest=0.0,
    )  # fmt: skip


def test_files_folders_and_arrays_are_classified_alike(
    net: deploy.TrainedNet, tmp_path: Path
) -> None:
    paths = write_images(tmp_path / "some", GRAY)
    expected = np.exp(net.logits(GRAY[..., None]))
    expected /= expected.sum(axis=1, keepdims=True)
    ways = (
        GRAY, GRAY[..., None], [*GRAY], [GRAY[:1], *GRAY[1:]],
        paths, [str(path) for path in paths], str(tmp_path), tmp_path,
    )  # fmt: skip
    for images in ways:
        np.testing.assert_allclose(net.predict(images).probabilities, expected, rtol=1e-5)
    predictions = net.predict(paths, batch_size=2)
    np.testing.assert_allclose(predictions.probabilities, expected, rtol=1e-5)
    assert predictions.images == tuple(map(str, paths))
    assert predictions.predicted == tuple(net.classes[label] for label in expected.argmax(axis=1))
    table = predictions.frame()
    assert list(table.columns) == ["image", "class", "probability", "p_cat", "p_dog", "p_owl"]
    np.testing.assert_allclose(table["probability"], expected.max(axis=1), rtol=1e-5)
    for image in (str(paths[0]), GRAY[0], GRAY[0, ..., None]):
        np.testing.assert_allclose(net.predict(image).probabilities, expected[:1], rtol=1e-5)


def test_images_of_another_size_are_resized_and_upright(
    net: deploy.TrainedNet, tmp_path: Path
) -> None:
    (path,) = write_images(tmp_path / "large", np.repeat(np.repeat(GRAY[:1], 4, 1), 4, 2))
    resized = np.asarray(Image.open(path).resize((8, 8), Image.Resampling.BILINEAR))
    expected = net.predict(resized[None]).probabilities
    np.testing.assert_allclose(net.predict(path).probabilities, expected, rtol=1e-4)
    both = net.predict([np.asarray(Image.open(path)), resized]).probabilities
    np.testing.assert_allclose(both, np.concatenate([expected, expected]), rtol=1e-4)
    turned = tmp_path / "turned.png"
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    Image.fromarray(resized[::-1, ::-1]).save(turned, exif=exif)
    np.testing.assert_allclose(net.predict(turned).probabilities, expected, rtol=1e-5)


def test_the_error_is_told_where_folders_are_classes(
    net: deploy.TrainedNet, tmp_path: Path
) -> None:
    right = net.predict(GRAY).predicted
    for name in set(right):
        write_images(tmp_path / name, GRAY[[place for place, x in enumerate(right) if x == name]])
    assert net.predict(tmp_path).error() == 0
    (tmp_path / right[0]).rename(tmp_path / "elsewhere")
    assert net.predict(tmp_path).error() is None


def test_damaged_images_are_named(
    net: deploy.TrainedNet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_images(tmp_path / "some", GRAY)
    (tmp_path / "broken.jpg").write_bytes(b"nothing")
    assert len(net.predict(tmp_path)) == 5
    assert "broken.jpg: it is" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ("absent.png", "absent.png does not exist"),
        ([], r"no image \(PNG, .*\) in an empty list"),
        (GRAY.astype(np.float32), r"images are float32 \(5, 8, 8\); allowed: uint8"),
        (np.zeros((2, 8, 8, 3), np.uint8), "images have 3 channels; the net takes 1"),
        (np.zeros((8, 8, 3), np.uint8), "images have 3 channels; the net takes 1"),
        ([GRAY[0], np.zeros((8, 8, 2), np.uint8)], "images have 2 channels; the net takes 1"),
        ([1, 2], "images are int; allowed: paths"),
        (Image.fromarray(GRAY[0]), "images are Image; allowed: paths, or NumPy arrays of uint8"),
    ],
)
def test_what_cannot_be_classified_is_named(
    net: deploy.TrainedNet, images: object, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        net.predict(images)  # type: ignore[arg-type]


def test_of_a_study_the_recommended_net_of_least_validation_error_is_taken(
    tmp_path: Path,
) -> None:
    study = made_study.fake_study(tmp_path)
    info = store.read_info(study)
    assert info is not None
    name = info.variants[1].name
    store.write_recommendation(study, recommendation(name))
    spec = arch.build("plain", depth=8, layout="cifar", width=4)
    names = tuple(map(str, range(10)))
    for seed, error in enumerate((0.3, 0.1, 0.2)):
        write_run(
            study, spec, names, (8, 8, 1),
            variant=name, seed=seed, validation_error=error,
        )  # fmt: skip
    (study / "runs" / name / "seed1_backup").mkdir()
    net = deploy.load(str(study))
    assert net.folder == study / "runs" / name / "seed1"
    assert net.spec == spec
    assert "TrainedNet(plain, 10 classes, images 8 x 8 x 1" in repr(net)
    store.write_recommendation(study, None)
    with pytest.raises(InputError, match="recommends no net; name a run"):
        deploy.load(study)
    store.write_info(study, dataclasses.replace(info, variants=info.variants[:1]))
    with pytest.raises(InputError, match=f"no finished run of {info.variants[0].name}"):
        deploy.load(study)
    (study / "study.json").unlink()
    with pytest.raises(InputError, match=f"study that is not finished; .* as {net.folder.parent}"):
        deploy.load(study)
