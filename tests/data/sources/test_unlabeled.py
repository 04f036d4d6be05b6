"""Images without labels: what of a file is looked at, and what is left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

from depthstudy import data
from depthstudy.errors import InputError

MOMENTS = ((0.5, 0.25, 0.125), (0.5, 0.25, 0.125))


def decoded(image: data.UnlabeledImage, tmp_path: Path) -> np.ndarray:
    path = tmp_path / "image.png"
    path.write_bytes(image.encoded)
    return np.asarray(Image.open(path))


def test_the_photographs_are_there_whole_and_in_crops(tmp_path: Path) -> None:
    images = data.photographs()
    whole = [index for index, image in enumerate(images) if image.whole]
    assert [images[index].name for index in whole] == ["china.jpg", "flower.jpg"]
    assert (len(images), whole) == (32, [0, 16])
    china = load_sample_image("china.jpg")  # 427 x 640
    # 87.5% of the shorter side, from the middle.
    np.testing.assert_array_equal(decoded(images[0], tmp_path), china[26:400, 133:507])
    # Half of the shorter side: the first crop is the upper left corner, the last the lower right.
    np.testing.assert_array_equal(decoded(images[1], tmp_path), china[:214, :214])
    np.testing.assert_array_equal(decoded(images[15], tmp_path), china[-214:, -214:])


def test_a_folder_is_read_below_in_order_and_without_what_is_damaged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sub").mkdir()
    for name, size in (("b.png", (40, 80)), ("sub/a.JPG", (64, 48))):
        Image.new("RGB", size, "red").save(tmp_path / name)
    Image.new("L", (20, 20), 200).save(tmp_path / "gray.png")
    (tmp_path / "broken.png").write_bytes(b"no image")
    (tmp_path / "notes.txt").write_text("not looked at")
    images = data.read_folder(tmp_path, 10)
    assert [image.name for image in images] == ["b.png", "gray.png", "sub/a.JPG"]
    assert all(image.whole for image in images)
    assert (
        capsys.readouterr().err
        == "damaged, left out: broken.png: it is not PNG, JPEG, WebP, BMP or TIFF\n"
    )
    assert [image.name for image in data.read_folder(tmp_path, 1)] == ["b.png"]


def test_folders_are_labels_unless_an_image_lies_beside_them(tmp_path: Path) -> None:
    for name in ("b/deeper/1.png", "a/1.png", "__MACOSX/1.png", "empty/notes.txt", ".hidden.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (20, 20)).save(tmp_path / name, "PNG")
    assert data.label_folders(tmp_path) == ["a", "b"]
    Image.new("L", (20, 20)).save(tmp_path / "z.png")
    assert [image.name for image in data.read_folder(tmp_path, 2)] == ["a/1.png", "b/deeper/1.png"]
    assert data.label_folders(tmp_path) == []  # though that image is not among those two


def test_a_folder_without_images_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a folder"):
        data.read_folder(tmp_path / "absent", 5)
    with pytest.raises(InputError, match=r"no image \(PNG, JPEG, .*\) in"):
        data.read_folder(tmp_path, 5)
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(InputError, match=r"damaged, the first is a\.png: the file is empty"):
        data.read_folder(tmp_path, 5)


def test_a_dataset_of_unlabeled_images_has_no_labels(tmp_path: Path) -> None:
    for value in (10, 200):
        Image.new("L", (30, 50), value).save(tmp_path / f"{value:03}.png")
    dataset = data.as_dataset(data.read_folder(tmp_path, 5), 16, ("a", "b", "c"), MOMENTS)
    assert not dataset.labeled
    assert (dataset.image_shape, dataset.num_classes, len(dataset.train)) == ((16, 16, 3), 3, 2)
    batches = list(data.eval_batches(dataset.train, batch_size=4))
    assert len(batches) == 1
    batch, weights = batches[0]
    assert np.asarray(weights).tolist() == [1, 1, 0, 0]
    assert np.asarray(batch.labels).tolist() == [0, 0, 0, 0]
    seen = np.asarray(data.normalize(batch.images, dataset.mean, dataset.std))
    for image, value in zip(seen, (10, 200), strict=False):
        expected = [(value / 255 - mean) / std for mean, std in zip(*MOMENTS, strict=True)]
        np.testing.assert_allclose(image, np.broadcast_to(expected, (16, 16, 3)), rtol=1e-5)
