"""What is wrong in folders that people have, and what comes of it: each was silent once."""

from __future__ import annotations

import errno
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from image_folders import fails_to_read, gray, levels, opened, write
from PIL import Image

from depthstudy import store
from depthstudy.config import DataConfig
from depthstudy.data import load
from depthstudy.data.sources.images import image_file
from depthstudy.errors import InputError


def noise(seed: int) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (8, 8), np.uint8)
    return Image.fromarray(pixels)


def test_copies_stay_on_one_side(tmp_path: Path) -> None:
    """Forty images of noise, each three times: none is both trained on and chosen or tested by."""
    for k in range(40):
        for copy in range(3):
            path = tmp_path / "images" / "ab"[k % 2] / f"{k}_{copy}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            noise(k).save(path)
    config = DataConfig(
        name="folder", source_dir=str(tmp_path / "images"), data_dir=str(tmp_path / "cache")
    )
    dataset = load(config)
    assert dataset.validation is not None
    splits = [dataset.train, dataset.validation, dataset.test]
    seen = [
        {image.tobytes() for image in split.read(np.arange(len(split))).images} for split in splits
    ]
    assert len(set.union(*seen)) == sum(map(len, seen)) == 40
    assert [len(split) for split in splits] == [78, 18, 24]
    assert any("80 of 120 images are copies of others" in note for note in dataset.source.notes)


def test_copies_across_parts_and_classes_are_named(tmp_path: Path) -> None:
    root = write(tmp_path / "images", {f"{p}/{c}": 3 for p in ("train", "test") for c in "ab"})
    (root / "test" / "a" / "leak.png").write_bytes((root / "train" / "a" / "00.png").read_bytes())
    (root / "train" / "b" / "both.png").write_bytes((root / "train" / "a" / "01.png").read_bytes())
    notes = opened(root).source.notes
    assert (
        "1 image is, byte for byte, in train and in test: test/a/leak.png = train/a/00.png" in notes
    )
    assert "1 image is, byte for byte, in two classes: train/a/01.png = train/b/both.png" in notes


def test_a_class_of_copies_cannot_be_divided(tmp_path: Path) -> None:
    root = write(tmp_path / "images", {"a": 4, "b": 3})
    for path in (root / "b").iterdir():
        gray(99).save(path)
    with pytest.raises(InputError, match=r"class 'b' in .* are copies of one another"):
        opened(root)


def test_an_image_that_cannot_be_read_now_is_in_the_set_later(tmp_path: Path) -> None:
    root = write(tmp_path / "images", {"a": 5, "b": 5})
    with pytest.MonkeyPatch.context() as patch:
        fails_to_read(patch, "03.png", errno.EIO)
        with pytest.raises(OSError, match=r"Input/output error: '.*03\.png'"):
            opened(root)
    with pytest.MonkeyPatch.context() as patch:  # gone for a moment, and back as it was
        fails_to_read(patch, "03.png", errno.ENOENT)
        assert sum(map(len, (opened(root).train, opened(root).test))) == 8
    dataset = opened(root)
    assert len(dataset.train) + len(dataset.test) == 10


@pytest.mark.parametrize(("greatest", "bits"), [(255, 8), (4095, 12), (65535, 16)])
def test_sixteen_bits_are_scaled_by_the_range_of_the_set(
    tmp_path: Path, greatest: int, bits: int
) -> None:
    """0, a third, two thirds and all of the range are gray levels 0, 85, 170 and 255."""
    root = tmp_path / "images"
    for name in "ab":
        (root / name).mkdir(parents=True)
        for k in range(4):
            pixels = np.full((4, 4), greatest * k // 3, np.uint16)
            pixels[0, 0] = greatest
            Image.fromarray(pixels).save(root / name / f"{k}.png")
    dataset = opened(root)
    images = [dataset.train.read(np.arange(len(dataset.train))).images, dataset.test.read(
        np.arange(len(dataset.test))).images]  # fmt: skip
    assert sorted({int(image[1, 1, 0]) for part in images for image in part}) == [0, 85, 170, 255]
    (note,) = [note for note in dataset.source.notes if "more than 8 bits" in note]
    assert f"greatest value is {greatest:,}, so {bits} bits are taken to be in use" in note


def png_of_16_bits(pixels: np.ndarray, filter: int) -> bytes:
    """Returns a PNG of colors, its rows filtered as the specification says."""
    height, width, channels = pixels.shape
    rows = pixels.astype(">u2").tobytes()
    stride, pixel = 2 * channels * width, 2 * channels
    lines, above = b"", bytes(stride)
    for start in range(0, len(rows), stride):
        row = rows[start : start + stride]
        guesses = []
        for i in range(stride):
            a = row[i - pixel] if i >= pixel else 0
            b, c = above[i], above[i - pixel] if i >= pixel else 0
            paeth = min((a, b, c), key=lambda x, p=a + b - c: abs(p - x))
            guesses.append((0, a, b, (a + b) // 2, paeth)[filter])
        lines += bytes([filter]) + bytes((x - g) & 255 for x, g in zip(row, guesses, strict=True))
        above = row

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 16, {3: 2, 4: 6}[channels], 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("filter", range(5))
def test_colors_of_16_bits_keep_their_lower_half(tmp_path: Path, filter: int) -> None:
    """PIL agrees on the upper 8 bits, and would make all of these black."""
    pixels = np.random.default_rng(filter).integers(0, 65536, (7, 5, 3))
    raw = png_of_16_bits(pixels, filter)
    (tmp_path / "x.png").write_bytes(raw)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(raw))), pixels >> 8)
    facts = image_file.inspect(tmp_path / "x.png")
    assert (facts.peak, facts.gray, facts.height, facts.width) == (pixels.max(), False, 7, 5)
    kept = np.asarray(Image.open(io.BytesIO(image_file.encode(tmp_path / "x.png"))))
    np.testing.assert_array_equal(kept, np.rint(pixels / 257))
    (tmp_path / "y.png").write_bytes(png_of_16_bits(pixels % 256, filter))
    low = np.asarray(Image.open(io.BytesIO(image_file.encode(tmp_path / "y.png", bits=8))))
    np.testing.assert_array_equal(low, pixels % 256)


def test_floating_point_images_are_left_out_by_name(tmp_path: Path) -> None:
    root = write(tmp_path / "images", {"a": 3, "b": 3})
    Image.fromarray(np.ones((5, 6), np.float32)).save(root / "a" / "float.tiff")
    rows = {row.file: row.left_out for row in opened(root).source.files}
    assert "floating-point numbers; save it with 8 or 16 bits" in rows["a/float.tiff"]


def test_names_with_controls_are_one_line_each(tmp_path: Path) -> None:
    """As macOS names the icon of a folder; a carriage return would end a row of data.csv."""
    root = write(tmp_path / "images", {"a": 3, "b": 3})
    (root / "a" / "Icon\r").touch()
    gray(7).save(root / "b" / "two\nlines\x1b.png")
    files = list(opened(root).source.files)
    names = {row.file for row in files}
    assert names >= {r"a/Icon\r", r"b/two\nlines\x1b.png"}
    store.write_data(tmp_path, files, [])
    assert store.find_data(tmp_path / "runs" / "v" / "seed0") == files


def test_a_slice_of_a_folder_has_all_classes(tmp_path: Path) -> None:
    counts = {f"{part}/{name}": 40 for part in ("train", "test") for name in "abcd"}
    root = write(tmp_path / "images", counts, lambda level: gray(level % 256))
    half = opened(root, train_split="train[:50%]", test_split="train[50%:]")
    assert min(half.train.class_counts) >= 10
    assert min(half.test.class_counts) >= 10


def test_a_slice_without_a_class_is_refused(tmp_path: Path) -> None:
    root = write(tmp_path / "images", {"a": 20, "b": 20})
    with pytest.raises(InputError, match=r"split 'train\[:1\]' of .* has no image of [ab], which"):
        opened(root, train_split="train[:1]")


@pytest.mark.parametrize("test_split", ["train[80%:]", "train", "train+test"])
def test_overlapping_splits_are_refused(tmp_path: Path, test_split: str) -> None:
    root = write(tmp_path / "images", {"a": 20, "b": 20})
    with pytest.raises(
        InputError, match=r"share \d+ images .* do not overlap, as data.train_split"
    ):
        opened(root, train_split="train", test_split=test_split)


def test_a_slice_that_ends_before_it_begins(tmp_path: Path) -> None:
    root = write(tmp_path / "images", {"a": 20, "b": 20})
    with pytest.raises(
        InputError, match=r"has no examples in split 'train\[80%:20%\]'; its splits"
    ):
        opened(root, train_split="train[80%:20%]")


@pytest.mark.parametrize(
    ("fit", "mark", "lost"), [("crop", 0, True), ("pad", 255, False), ("squash", 255, False)]
)
def test_elongated_images_lose_their_ends_only_if_cropped(
    tmp_path: Path, fit: str, mark: int, lost: bool
) -> None:
    """A white bar at the left edge of 32 x 96 pixels; the middle is black."""
    pixels = np.zeros((32, 96), np.uint8)
    root = write(tmp_path / "images", {"a": 4, "b": 4}, lambda level: with_bar(pixels, level))
    images = opened(root, image_size=32, fit=fit).train.read(np.arange(6)).images
    assert images.shape == (6, 32, 32, 1)
    assert (images[..., :8, 0].max() > 200) != lost
    assert images[:, 16, 0, 0].max() == pytest.approx(mark, abs=30)


def with_bar(pixels: np.ndarray, level: int) -> Image.Image:
    changed = pixels.copy()
    changed[:, :12] = 255
    changed[0, 95] = level
    return Image.fromarray(changed)


def test_levels_name_files(tmp_path: Path) -> None:
    """What other tests rely on: division is of all images, and each is once in it."""
    dataset = opened(write(tmp_path / "images", {"a": 10, "b": 10}))
    assert sorted(levels(dataset.train) + levels(dataset.test)) == [*range(10), *range(50, 60)]
