"""Random crops from the image file, set against torchvision's."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

from depthstudy.config import DataConfig
from depthstudy.data import (
    ArrayExamples,
    ArraySource,
    Dataset,
    batch_at,
    from_source,
    load,
    train_batches,
)
from depthstudy.data.pipeline import crop
from depthstudy.data.pipeline.decode import decode

SIDE = 224
PHOTO = Image.fromarray(load_sample_image("china.jpg"))


def jpeg(width: int, height: int) -> bytes:
    file = io.BytesIO()
    PHOTO.resize((width, height), Image.Resampling.LANCZOS).save(file, "JPEG", quality=90)
    return file.getvalue()


def boxes(height: int, width: int, count: int = 4_000) -> np.ndarray:
    draws = crop.draws_at(0, (0,), count, 0)
    return np.array([crop.random_box(height, width, draw, 0.08) for draw in draws])


def test_boxes_are_those_of_the_recipe() -> None:
    """Area uniform in 8 to 100%, log aspect in 3/4 to 4/3, where a box of that kind fits."""
    top, left, height, width = boxes(1000, 1000).T
    assert (top >= 0).all()
    assert (left >= 0).all()
    assert (top + height).max() <= 1000
    assert (left + width).max() <= 1000
    aspect = width / height
    assert 0.745 < aspect.min() < 0.76
    assert 1.32 < aspect.max() < 1.34
    area = height * width / 1e6
    assert area.min() == pytest.approx(0.08, abs=0.002)
    # Rejections thin out large boxes that are far from square; up to 3/4 every aspect fits.
    assert np.mean(area < 0.415) == pytest.approx(np.mean(area < 0.75) / 2, abs=0.02)
    assert np.mean(np.log(aspect)) == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize(
    ("height", "width", "size"), [(100, 1000, (100, 133)), (900, 90, (120, 90))]
)
def test_an_elongated_image_gives_its_center(
    height: int, width: int, size: tuple[int, int]
) -> None:
    draws = np.zeros((10, 4))
    draws[:, 0] = 0.999
    assert crop.random_box(height, width, draws, 0.9)[2:] == size


def test_boxes_are_distributed_as_torchvisions() -> None:
    torch = pytest.importorskip("torch")
    transforms = pytest.importorskip("torchvision.transforms")
    torch.manual_seed(0)
    image = Image.new("L", (500, 375))
    theirs = np.array(
        [
            transforms.RandomResizedCrop.get_params(image, (0.08, 1.0), (3 / 4, 4 / 3))
            for _ in range(4_000)
        ]
    )
    ours = boxes(375, 500)
    for quantile in (0.1, 0.25, 0.5, 0.75, 0.9):
        for column, other in zip(ours.T, theirs.T, strict=True):
            assert np.quantile(column, quantile) == pytest.approx(
                np.quantile(other, quantile), abs=12
            )


@pytest.mark.parametrize("size", [(500, 375), (640, 427), (1600, 1200)])
def test_pixels_are_torchvisions(size: tuple[int, int]) -> None:
    """The same box differs by less than 2 of 255 on average, at whatever scale it is decoded."""
    functional = pytest.importorskip("torchvision.transforms.functional")
    raw = jpeg(*size)
    whole = Image.open(io.BytesIO(raw)).convert("RGB")
    random_crop = crop.RandomCrop((SIDE, SIDE, 3), 0.08)
    for draw in crop.draws_at(1, (0,), 20, 0):
        top, left, height, width = crop.random_box(size[1], size[0], draw, 0.08)
        theirs = functional.resized_crop(whole, top, left, height, width, [SIDE, SIDE])
        ours = random_crop(raw, draw)
        assert np.abs(ours.astype(float) - np.asarray(theirs, float)).mean() < 2


def test_evaluation_is_torchvisions() -> None:
    """The shorter side becomes 256 = 224 / 0.875, and the center is cut out."""
    functional = pytest.importorskip("torchvision.transforms.functional")
    raw = jpeg(500, 375)
    whole = Image.open(io.BytesIO(raw)).convert("RGB")
    theirs = functional.center_crop(functional.resize(whole, 256), [SIDE, SIDE])
    ours = decode(raw, (SIDE, SIDE, 3), "crop", 0.875)
    assert np.abs(ours.astype(float) - np.asarray(theirs, float)).mean() < 2


@pytest.fixture(scope="module")
def photos() -> Callable[..., Dataset]:
    raw = [jpeg(60 + i, 50) for i in range(12)]
    labels = np.arange(12) % 3

    def opened(**options: object) -> Dataset:
        examples = ArrayExamples(raw, labels)
        source = ArraySource(
            name="photos",
            image_shape=(None, None, 3),
            class_names=("a", "b", "c"),
            examples={"train": examples, "test": ArrayExamples(raw[:3], labels[:3])},
        )
        config = DataConfig(
            name="photos",
            image_size=16,
            crop_area=0.08,
            stream=True,
            validation=0.0,
            **options,  # type: ignore[arg-type]
        )
        return from_source(source, config)

    return opened


def test_a_crop_is_a_function_of_seed_run_and_step(photos: Callable[..., Dataset]) -> None:
    """By threads, by processes, from the start or going on, of one run or two at once."""
    threads, processes = photos(workers=0), photos(workers=2)
    by_threads = [np.asarray(b.images) for b in train_batches(threads, batch_size=5, stop=6)]
    by_processes = [np.asarray(b.images) for b in train_batches(processes, batch_size=5, stop=6)]
    np.testing.assert_array_equal(by_threads, by_processes)
    np.testing.assert_array_equal(batch_at(threads, 4, batch_size=5).images, by_threads[4])
    (both,) = train_batches(threads, batch_size=5, runs=(3, 0), start=2, stop=3)
    np.testing.assert_array_equal(np.asarray(both.images)[5:], by_threads[2])
    assert not np.array_equal(np.asarray(both.images)[:5], by_threads[2])
    other = photos(workers=0, seed=1)
    assert not np.array_equal(batch_at(other, 0, batch_size=5).images, by_threads[0])
    assert threads.train.crops


def test_what_is_evaluated_is_not_cropped(photos: Callable[..., Dataset]) -> None:
    dataset = photos(workers=0)
    assert (dataset.train.crops, dataset.test.crops) == (True, False)
    shown = dataset.train.read(np.arange(3)).images
    np.testing.assert_array_equal(shown, dataset.test.read(np.arange(3)).images)


def test_a_set_in_memory_is_cropped_on_the_device() -> None:
    assert not load(DataConfig(crop_area=0.5, validation=0.0)).train.crops
