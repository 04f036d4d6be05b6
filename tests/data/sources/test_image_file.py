"""Bytes that a prepared set keeps of an image file: upright, opaque, 8 bits, else unchanged."""

from __future__ import annotations

import errno
import io
from pathlib import Path

import numpy as np
import pytest
from image_folders import color, fails_to_read, gray
from PIL import Image

from depthstudy.data.sources.images import image_file
from depthstudy.errors import InputError


def kept(tmp_path: Path, image: Image.Image, name: str, **options: object) -> Image.Image:
    """Returns what a set keeps of an image, and checks that ``inspect`` foretells it."""
    path = tmp_path / name
    image.save(path, **options)  # type: ignore[arg-type]
    facts = image_file.inspect(path)
    result = Image.open(io.BytesIO(image_file.encode(path)))
    assert result.mode in ("L", "RGB")
    assert facts[:3] == (result.height, result.width, result.mode == "L")
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


@pytest.mark.parametrize("code", [errno.EIO, errno.EMFILE, errno.ESTALE])
def test_a_file_that_cannot_be_read_now_is_no_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    gray(1).save(tmp_path / "x.png")
    fails_to_read(monkeypatch, "x.png", code)
    with pytest.raises(OSError, match=r"x\.png") as caught:
        image_file.inspect(tmp_path / "x.png")
    assert (caught.value.errno, caught.value.filename) == (code, str(tmp_path / "x.png"))


def test_a_file_that_one_may_not_read_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails_to_read(monkeypatch, "x.png", errno.EACCES)
    with pytest.raises(InputError, match=r"x\.png cannot be read \(Permission denied\); make it"):
        image_file.encode(tmp_path / "x.png")


@pytest.mark.parametrize("error", [MemoryError(), OSError(errno.EMFILE, "Too many open files")])
def test_a_decoder_that_lacks_something_tells_nothing_of_the_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fails(*arguments: object, **options: object) -> None:
        raise error

    gray(1).save(tmp_path / "x.png")
    monkeypatch.setattr(Image, "open", fails)
    with pytest.raises(type(error)):
        image_file.inspect(tmp_path / "x.png")


def test_no_file_is_a_damaged_image(tmp_path: Path) -> None:
    (tmp_path / "x.png").symlink_to(tmp_path / "nowhere")
    with pytest.raises(image_file.GoneError, match="No such file"):
        image_file.inspect(tmp_path / "x.png")


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
