"""What simplejpeg and cykooz-resizer do in PIL's place, set against PIL."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

from depthstudy.data.pipeline import crop, fast_jpeg, fast_resize

PHOTO = Image.fromarray(load_sample_image("flower.jpg"))
MODES = {1: "L", 3: "RGB"}


def jpeg(width: int, height: int, mode: str = "RGB") -> bytes:
    file = io.BytesIO()
    PHOTO.resize((width, height)).convert(mode).save(file, "JPEG", quality=90)
    return file.getvalue()


@pytest.mark.parametrize("channels", [1, 3])
def test_decoded_one_after_the_other_as_by_pil(channels: int) -> None:
    """Files of several sizes, larger and smaller, in color and gray."""
    pytest.importorskip("simplejpeg")
    decoder = fast_jpeg.decoder(channels)
    assert decoder is not None
    for file in (jpeg(100, 80), jpeg(300, 200), jpeg(50, 90, "L"), jpeg(301, 199)):
        picture = Image.open(io.BytesIO(file))
        size = decoder.size(file)
        assert size == (picture.height, picture.width)
        pixels = decoder.decode(file, size, 1)
        theirs = np.asarray(picture.convert(MODES[channels])).reshape(pixels.shape)
        assert np.abs(pixels.astype(int) - theirs).mean() < 0.5
        assert decoder.decode(file, size, 2).shape[0] == -(-size[0] // 2)


def test_what_is_left_to_pil() -> None:
    pytest.importorskip("simplejpeg")
    decoder = fast_jpeg.decoder(3)
    assert decoder is not None
    assert fast_jpeg.decoder(4) is None
    assert decoder.size(jpeg(40, 30, "CMYK")) is None
    assert decoder.size(b"\xff\xd8 no JPEG") is None
    assert decoder.size(b"\x89PNG") is None


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    "inside", [(0.0, 0.0, 403.0, 301.0), (0.4, 0.7, 402.3, 300.6), (80.25, 90.5, 140.75, 110.125)]
)
def test_resized_as_by_pil(channels: int, inside: tuple[float, float, float, float]) -> None:
    """Made smaller and larger, and of a box between pixels: off by at most 2 of 255."""
    pytest.importorskip("cykooz_resizer")
    shape = (96, 112, channels)
    resizer = fast_resize.resizer(shape)
    assert resizer is not None
    picture = PHOTO.resize((403, 301)).convert(MODES[channels])
    pixels = np.asarray(picture).reshape(301, 403, channels)
    theirs = picture.resize((112, 96), Image.Resampling.BILINEAR, box=inside)
    ours = resizer.resize(pixels, inside).astype(int)
    assert np.abs(ours - np.asarray(theirs).reshape(shape)).max() <= 2


@pytest.mark.parametrize("size", [(500, 375), (1600, 1200)])
def test_crops_are_those_of_pil_alone(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With whatever is installed here, at whatever scale a file is decoded."""
    file, shape = jpeg(*size), (224, 224, 3)
    draws = crop.draws_at(0, (0,), 8, 0)
    installed = crop.RandomCrop(shape, 0.08)
    ours = np.stack([installed(file, draw) for draw in draws]).astype(int)
    monkeypatch.setattr(fast_jpeg, "decoder", lambda channels: None)
    monkeypatch.setattr(fast_resize, "resizer", lambda shape: None)
    by_pil = crop.RandomCrop(shape, 0.08)
    theirs = np.stack([by_pil(file, draw) for draw in draws]).astype(int)
    assert np.abs(ours - theirs).mean() < 1
