from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from depthstudy.data.pipeline.decode import decode


def encode(image: Image.Image, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


def test_own_size_is_kept_bit_by_bit() -> None:
    image = np.random.default_rng(0).integers(0, 256, (7, 5, 3), np.uint8)
    np.testing.assert_array_equal(decode(encode(Image.fromarray(image)), (7, 5, 3)), image)


def test_gray_stays_one_channel() -> None:
    image = np.random.default_rng(0).integers(0, 256, (6, 6), np.uint8)
    decoded = decode(encode(Image.fromarray(image)), (6, 6, 1))
    np.testing.assert_array_equal(decoded[..., 0], image)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("L", "JPEG"), ("RGB", "JPEG"), ("CMYK", "JPEG"), ("P", "GIF"), ("RGBA", "PNG"), ("1", "PNG")],
)
def test_any_mode_becomes_color(mode: str, kind: str) -> None:
    image = Image.new("RGB", (12, 10), (255, 255, 255)).convert(mode)
    decoded = decode(encode(image, kind), (10, 12, 3))
    assert decoded.dtype == np.uint8
    assert np.all(decoded >= 250)


@pytest.mark.parametrize(("height", "width"), [(40, 100), (100, 40), (8, 20)])
def test_other_sizes_are_scaled_and_their_center_kept(height: int, width: int) -> None:
    """On a ramp along both axes, the ends of the center square are known."""
    rows, columns = np.mgrid[:height, :width].astype(np.float64)
    image = np.stack([rows * 2, columns * 2, 0 * rows], axis=-1).astype(np.uint8)
    decoded = decode(encode(Image.fromarray(image)), (20, 20, 3)).astype(float)
    side = min(height, width)
    at = (np.arange(20) + 0.5) * side / 20 - 0.5  # centers of the new pixels in the square
    inner = slice(2, -2)  # away from the border, where the filter sees only half
    expected_rows = 2 * ((height - side) / 2 + at)
    expected_columns = 2 * ((width - side) / 2 + at)
    np.testing.assert_allclose(decoded[inner, 10, 0], expected_rows[inner], atol=1.01)
    np.testing.assert_allclose(decoded[10, inner, 1], expected_columns[inner], atol=1.01)


@pytest.mark.parametrize(
    ("width", "height", "side"),
    [(450, 600, 224), (600, 450, 224), (232, 300, 224), (123, 200, 224), (29, 34, 28)],
)
def test_a_side_whose_scale_rounds_up_is_taken_whole(width: int, height: int, side: int) -> None:
    """Divided by the new side and multiplied by it again, the shorter side exceeds itself."""
    shorter = min(width, height)
    assert shorter / side * side > shorter
    rows, columns = np.mgrid[:height, :width]
    image = Image.fromarray(((rows + 2 * columns) % 251).astype(np.uint8))
    left, top = (width - shorter) / 2, (height - shorter) / 2
    square = (left, top, left + shorter, top + shorter)
    expected = image.resize((side, side), Image.Resampling.BILINEAR, box=square)
    decoded = decode(encode(image), (side, side, 1))[..., 0]
    np.testing.assert_array_equal(decoded, np.asarray(expected))


def test_unknown_number_of_channels() -> None:
    with pytest.raises(ValueError, match="2 channels; allowed: 1, 3, 4"):
        decode(encode(Image.new("L", (2, 2))), (2, 2, 2))
