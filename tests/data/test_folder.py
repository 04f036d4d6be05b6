from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from depthstudy.config import DataConfig
from depthstudy.data import Dataset, load
from depthstudy.data.pipeline.split import Split
from depthstudy.data.sources import folder, folder_scan, image_file
from depthstudy.errors import InputError


def gray(level: int) -> Image.Image:
    return Image.new("L", (6, 5), level)


def color(level: int) -> Image.Image:
    return Image.new("RGB", (6, 5), (level, 0, 255))


def write(root: Path, counts: dict[str, int], make: Callable[[int], Image.Image] = gray) -> Path:
    """Fills each folder of ``counts`` with images; the level says class and number."""
    for k, (name, count) in enumerate(counts.items()):
        (root / name).mkdir(parents=True)
        for i in range(count):
            make(50 * k + i).save(root / name / f"{i:02d}.png")
    return root


def opened(root: Path, **options: object) -> Dataset:
    config = DataConfig(
        name="folder",
        source_dir=str(root),
        data_dir=str(root.parent / "cache"),
        **options,  # type: ignore[arg-type]
    )
    return load(config)


def levels(split: Split) -> list[int]:
    return split.read(np.arange(len(split))).images[:, 0, 0, 0].tolist()


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:45])  # four bytes of pixels are left


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write(tmp_path / "images", {"owl": 10, "cat": 15, "dog": 7})


def test_a_set_divided_by_seed(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    dataset = opened(root)
    assert capfd.readouterr().err == (
        f"{root}: 3 classes (cat, dog, owl), 26 train and 6 test images (divided by seed), gray,"
        " 5 x 6; left out: 0 damaged, 0 of another kind, 0 hidden\n"
    )
    assert dataset.class_names == ("cat", "dog", "owl")
    assert dataset.image_shape == (5, 6, 1)
    assert np.bincount(dataset.train.labels).tolist() == [12, 6, 8]
    assert np.bincount(dataset.test.labels).tolist() == [3, 1, 2]
    everything = [*range(10), *range(50, 65), *range(100, 107)]
    assert sorted(levels(dataset.train) + levels(dataset.test)) == everything
    written_as = np.array([2, 0, 1])[np.array(levels(dataset.train)) // 50]
    np.testing.assert_array_equal(dataset.train.labels, written_as)


def test_a_seed_divides_the_same_way_again_and_another_does_not(root: Path) -> None:
    once = levels(opened(root).test)
    shutil.rmtree(root.parent / "cache")
    assert levels(opened(root).test) == once
    assert levels(opened(root, seed=1).test) != once


def test_every_class_is_in_train_and_in_test() -> None:
    labels = np.repeat(np.arange(5), [2, 3, 7, 8, 100])
    tested = folder.held_out(labels, seed=0)
    assert np.bincount(labels[tested]).tolist() == [1, 1, 1, 2, 20]


def test_an_unchanged_folder_is_found_again_and_a_changed_one_prepared_anew(
    root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    opened(root)
    capfd.readouterr()
    opened(root)
    assert capfd.readouterr().err == ""
    (root / "notes.txt").write_text("no image")
    opened(root)
    assert capfd.readouterr().err == ""
    keys = {folder.fingerprint(folder_scan.scan(str(root)), 0)}
    (root / "cat" / "new.png").write_bytes((root / "cat" / "00.png").read_bytes())
    assert len(opened(root).train) + len(opened(root).test) == 33
    keys.add(folder.fingerprint(folder_scan.scan(str(root)), 0))
    os.utime(root / "cat" / "new.png", ns=(1, 1))
    keys.add(folder.fingerprint(folder_scan.scan(str(root)), 0))
    (root / "cat" / "new.png").rename(root / "dog" / "new.png")
    keys.add(folder.fingerprint(folder_scan.scan(str(root)), 0))
    keys.add(folder.fingerprint(folder_scan.scan(str(root)), 1))
    assert len(keys) == 5


@pytest.mark.parametrize("name", ["test", "val", "validation"])
def test_a_set_divided_by_folders(
    tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    counts = {"train/a": 3, f"{name}/a": 1, "train/b": 2, f"{name}/b": 2}
    root = write(tmp_path / "images", counts)
    dataset = opened(root)
    assert f"5 train and 3 test images (of {name})" in capfd.readouterr().err
    assert levels(dataset.train) == [0, 1, 2, 100, 101]
    assert levels(dataset.test) == [50, 150, 151]
    assert dataset.test.labels.tolist() == [0, 1, 1]
    found = folder_scan.scan(str(root))
    assert folder.fingerprint(found, 0) == folder.fingerprint(found, 1)


def test_test_goes_before_val_and_what_is_beside_is_counted(tmp_path: Path) -> None:
    counts = {f"{part}/{name}": 1 for part in ("train", "val", "test") for name in "ab"}
    found = folder_scan.scan(str(write(tmp_path / "images", counts)))
    assert (found.test_name, len(found.files), found.others) == ("test", 4, 1)


def test_train_may_be_a_class(tmp_path: Path) -> None:
    found = folder_scan.scan(str(write(tmp_path / "images", {"bus": 2, "train": 3})))
    assert found.class_names == ("bus", "train")
    assert len(found.files) == 5


def test_damaged_hidden_and_other_files(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    truncate(root / "cat" / "03.png")
    (root / "cat" / "04.png").write_bytes(b"")
    (root / "cat" / "05.png").write_text("<html>")
    (root / "cat" / "06.png").unlink()
    (root / "cat" / "06.png").symlink_to("nowhere")
    for name in ("notes.txt", "cat/old.bmp", "cat/.DS_Store", "__MACOSX", ".git"):
        (root / name).touch()
    (root / "dog" / "deeper").mkdir()
    dataset = opened(root)
    *lines, summary = capfd.readouterr().err.splitlines()
    assert lines == [
        "damaged, left out: cat/03.png: image file is truncated",
        "damaged, left out: cat/04.png: the file is empty",
        "damaged, left out: cat/05.png: it is neither PNG nor JPEG",
        "damaged, left out: cat/06.png: No such file or directory",
    ]
    assert summary.endswith("left out: 4 damaged, 3 of another kind, 3 hidden")
    assert not {53, 54, 55, 56} & {*levels(dataset.train), *levels(dataset.test)}
    assert len(dataset.train) + len(dataset.test) == 28


def test_only_the_first_damaged_images_are_named(
    root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for i in range(8):
        truncate(root / "cat" / f"{i:02d}.png")
    opened(root)
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 7
    assert lines[5] == "damaged, left out: 3 more"


@pytest.mark.parametrize(("other", "channels"), [(gray, 1), (color, 3)])
def test_color_in_any_image_gives_three_channels(
    tmp_path: Path, other: Callable[[int], Image.Image], channels: int
) -> None:
    root = write(tmp_path / "images", {"a": 4, "b": 4})
    other(9).save(root / "b" / "new.JPEG", quality=100)
    dataset = opened(root)
    assert dataset.image_shape == (5, 6, channels)
    images = dataset.train.read(np.arange(len(dataset.train))).images
    assert np.count_nonzero(np.ptp(images, axis=-1).max((1, 2)) == 0) >= 6  # gray stays gray


def test_all_color(tmp_path: Path) -> None:
    dataset = opened(write(tmp_path / "images", {"a": 4, "b": 4}, color))
    assert dataset.image_shape == (5, 6, 3)
    assert dataset.train.read(np.array([0])).images[0, 0, 0].tolist()[1:] == [0, 255]


def test_images_of_many_sizes_need_a_size(root: Path) -> None:
    gray(1).resize((9, 9)).save(root / "cat" / "large.png")
    with pytest.raises(InputError, match=r"vary in size; set data.image_size"):
        opened(root)
    assert opened(root, image_size=4).image_shape == (4, 4, 1)


def test_an_image_that_changes_meanwhile(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An image that breaks while the set is written leaves no set behind."""
    with monkeypatch.context() as patch:
        patch.setattr(image_file, "inspect", lambda path: image_file.Facts(5, 6, True))
        truncate(root / "cat" / "03.png")
        with pytest.raises(InputError, match=r"cat/03.png changed while it was read"):
            opened(root)
    assert not list(root.parent.glob("cache/*/1.0.0"))
    assert len(opened(root).train) > 0


def bare(tmp_path: Path) -> Path:
    (tmp_path / "images" / "a").mkdir(parents=True)
    (tmp_path / "images" / "a" / "x.bmp").touch()
    return tmp_path / "images"


def damaged(tmp_path: Path, files: str) -> Path:
    root = write(tmp_path / "images", {"a": 2, "b": 2})
    for path in root.glob(files):
        truncate(path)
    return root


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda tmp: tmp / "absent", r"absent' is not a folder; expected PATH/CLASS/\* or "),
        (bare, r"no images in class folders of .* \(other files or folders: 1\); expected PATH"),
        (lambda tmp: write(tmp / "images", {"a": 5}), r"has only one class, 'a'; at least 2"),
        (
            lambda tmp: write(tmp / "images", {"a": 5, "b": 1, "c": 0}),
            r"too few images in .*: each class needs 2, and there are 1 of 'b', 0 of 'c'$",
        ),
        (
            lambda tmp: write(tmp / "images", {"train/a": 5, "train/b": 5}),
            r"has train, but no test, val or validation folder beside it",
        ),
        (
            lambda tmp: write(tmp / "images", {"train/a": 2, "train/b": 2, "test/b": 2}),
            r"has other classes in train than in test; only in train: a$",
        ),
        (
            lambda tmp: write(tmp / "i", {"train/a": 2, "train/b": 0, "val/a": 2, "val/b": 0}),
            r"each class needs 1 in each part, and there are 0 of 'b' in train, 0 of 'b' in val$",
        ),
        (
            lambda tmp: damaged(tmp, "*/*"),
            r"all 4 images in .* are damaged, the first is a/00.png: image file is truncated",
        ),
        (
            lambda tmp: damaged(tmp, "b/00.png"),
            r"too few images in .* \(1 damaged left out\): each class needs 2, .* 1 of 'b'$",
        ),
        (lambda tmp: write(tmp / "images", {"a": 2, "b\nc": 2}), r"name is not one line: 'b\\nc'"),
    ],
)
def test_refusals(
    tmp_path: Path,
    build: Callable[[Path], Path],
    message: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        opened(build(tmp_path))
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")
    assert not list(tmp_path.glob("**/cache"))


def test_no_source_dir(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'folder' needs data.source_dir=PATH, with PATH/CLASS"):
        load(DataConfig(name="folder", data_dir=str(tmp_path)))


def test_a_cache_that_cannot_be_written(root: Path) -> None:
    (root.parent / "cache").touch()
    with pytest.raises(InputError, match=r"images cannot be prepared in .* set data.data_dir"):
        opened(root)


def kept(tmp_path: Path, image: Image.Image, name: str, **options: object) -> Image.Image:
    """Returns what a set keeps of an image, and checks that ``inspect`` foretells it."""
    path = tmp_path / name
    image.save(path, **options)  # type: ignore[arg-type]
    facts = image_file.inspect(path)
    result = Image.open(io.BytesIO(image_file.encode(path)))
    assert result.mode in ("L", "RGB")
    assert facts == (result.height, result.width, result.mode == "L")
    return result


@pytest.mark.parametrize("name", ["x.png", "x.jpg"])
def test_plain_files_are_kept_byte_for_byte(tmp_path: Path, name: str) -> None:
    for image in (gray(7), color(7)):
        image.save(tmp_path / name)
        assert image_file.encode(tmp_path / name) == (tmp_path / name).read_bytes()


QUADRANTS = np.kron(np.array([[0, 60], [120, 240]], np.uint8), np.ones((16, 24), np.uint8))
TURNS = [
    lambda x: x,
    lambda x: x[:, ::-1],
    lambda x: x[::-1, ::-1],
    lambda x: x[::-1],
    lambda x: x.T,
    lambda x: np.rot90(x, 1),  # what a camera that was turned saw, as it is stored
    lambda x: x[::-1, ::-1].T,
    lambda x: np.rot90(x, -1),
]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["x.png", "x.jpg"])
def test_exif_orientation(tmp_path: Path, orientation: int, name: str) -> None:
    stored = Image.fromarray(np.ascontiguousarray(TURNS[orientation - 1](QUADRANTS)))
    exif = Image.Exif()
    exif[0x0112] = orientation
    result = kept(tmp_path, stored, name, exif=exif)
    assert result.getexif().get(0x0112, 1) == 1
    assert result.format == {"x.png": "PNG", "x.jpg": "JPEG"}[name]
    np.testing.assert_allclose(np.asarray(result).astype(int), QUADRANTS, atol=12)


def test_a_broken_exif_tag_is_no_damage(tmp_path: Path) -> None:
    result = kept(tmp_path, gray(90), "x.jpg", exif=b"Exif\0\0rubbish")
    assert np.ptp(np.asarray(result)) == 0


@pytest.mark.parametrize(
    ("image", "mode", "expected"),
    [
        (Image.new("RGBA", (3, 2), (255, 0, 0, 0)), "RGB", [255, 255, 255]),
        (Image.new("RGBA", (3, 2), (200, 0, 100, 255)), "RGB", [200, 0, 100]),
        (Image.new("RGBA", (3, 2), (0, 0, 0, 51)), "RGB", [204, 204, 204]),
        (Image.new("LA", (3, 2), (0, 51)), "L", 204),
        (Image.new("1", (3, 2), 1), "L", 255),
        (Image.new("RGB", (3, 2), (9, 8, 7)).convert("P"), "RGB", None),
        (Image.fromarray(np.full((2, 3), 0x8001, np.uint16)), "L", 128),
    ],
)
def test_modes(tmp_path: Path, image: Image.Image, mode: str, expected: object) -> None:
    result = kept(tmp_path, image, "x.png")
    assert result.mode == mode
    if expected is not None:
        assert np.asarray(result)[0, 0].tolist() == expected


def test_gray_palette_transparent_color_and_cmyk(tmp_path: Path) -> None:
    palette = Image.new("P", (3, 2), 1)
    palette.putpalette([0, 0, 0, 77, 77, 77])
    assert np.asarray(kept(tmp_path, palette, "a.png"))[0, 0] == 77
    assert np.asarray(kept(tmp_path, palette, "b.png", transparency=1))[0, 0] == 255
    assert np.asarray(kept(tmp_path, gray(5), "c.png", transparency=5))[0, 0] == 255
    cmyk = kept(tmp_path, Image.new("CMYK", (3, 2), (0, 255, 255, 0)), "d.jpg")
    np.testing.assert_allclose(np.asarray(cmyk)[0, 0], [255, 0, 0], atol=4)
