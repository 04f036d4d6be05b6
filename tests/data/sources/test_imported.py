"""A user's own source by the name of a function, here and in worker processes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from depthstudy.config import DataConfig
from depthstudy.data import load, order_at, train_batches
from depthstudy.errors import InputError

SOURCE = '''
import dataclasses

import numpy as np

from depthstudy import data


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class Stripes(data.Source):
    """Images that are drawn when they are read; a user's own class, not arrays."""

    count: int

    @property
    def split_names(self):
        return ("train", "test")

    def split(self, name):
        return Drawn(self.count if name == "train" else 4)


class Drawn(data.Examples):
    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def read(self, rows):
        return [(np.full((5, 5, 1), row, np.uint8), int(row % 2)) for row in rows]


def open_source(config):
    return Stripes(
        name="stripes", image_shape=(5, 5, 1), class_names=("even", "odd"), count=10 + config.seed
    )
'''


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Writes a module ``user_images`` to a folder on ``sys.path``."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "user_images", raising=False)

    def write(code: str) -> Path:
        (tmp_path / "user_images.py").write_text(code)
        return tmp_path / "user_images.py"

    return write


def test_a_users_own_source(module: Callable[[str], Path]) -> None:
    module(SOURCE)
    dataset = load(DataConfig(validation=0.0, name="user_images:open_source", seed=2))
    assert (dataset.name, dataset.class_names) == ("stripes", ("even", "odd"))
    assert dataset.train.read(np.arange(12)).images[:, 0, 0, 0].tolist() == list(range(12))
    assert dataset.train.labels.tolist() == [0, 1] * 6
    assert (len(dataset.test), dataset.train.name) == (4, "user_images:open_source train")


def test_worker_processes_import_it_too(module: Callable[[str], Path]) -> None:
    module(SOURCE)
    dataset = load(
        DataConfig(validation=0.0, name="user_images:open_source", stream=True, workers=2)
    )
    for step, batch in enumerate(train_batches(dataset, batch_size=5, stop=4)):
        rows = order_at(step, seed=0, count=10, batch_size=5)
        np.testing.assert_array_equal(batch.images[:, 0, 0, 0], rows)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("image", "message"),
    [
        (
            "{}[int(row)]",
            r"^image 3 of user_images:open_source train cannot be read \(.*user_images.py:\d+:"
            r" KeyError: 3\)$",
        ),
        (
            "b'rubbish'",
            r"image 3 of .* train cannot be decoded \(UnidentifiedImageError: cannot id",
        ),
        ("np.zeros((5, 4, 1), np.uint8).tobytes()", r"image 3 of .* cannot be decoded \("),
    ],
)
def test_an_image_that_cannot_be_read_is_named(
    module: Callable[[str], Path], stream: bool, image: str, message: str
) -> None:
    drawn = "np.full((5, 5, 1), row, np.uint8)"
    module(SOURCE.replace(drawn, f"{image} if row == 3 else {drawn}"))
    config = DataConfig(
        validation=0.0, name="user_images:open_source", stream=stream, workers=2, label_noise=0.0
    )
    with pytest.raises(InputError, match=message) as caught:
        list(train_batches(load(config), batch_size=5, stop=4))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("error", ["MemoryError()", "OSError(5, 'Input/output error')"])
def test_what_the_machine_lacks_is_no_fault_of_an_image(
    module: Callable[[str], Path], error: str
) -> None:
    module(SOURCE.replace("return [(np", f"raise {error}\n        return [(np"))
    with pytest.raises((MemoryError, OSError)):
        load(DataConfig(validation=0.0, name="user_images:open_source"))


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("x = 1", r"user_images \(.*user_images.py\) has no function 'open_source'$"),
        ("open_source = 3", r"has no function 'open_source'$"),
        ("import absent_module", r"user_images.py:1: ModuleNotFoundError: No module named 'absent"),
        ("x = 1\nx +", r"user_images.py:2: SyntaxError: invalid syntax$"),
        ("x = 1\nx.y", r"user_images.py:2: AttributeError: 'int' object has no attribute 'y'$"),
        ("def open_source(config):\n    return 3", r"returned int; it has to return a depthstudy"),
        ("def open_source():\n    pass", r"TypeError: open_source\(\) takes 0 positional arg"),
        (
            "def open_source(config):\n    return config.nam",
            r"user_images.py:2: AttributeError: 'DataConfig' object has no attribute 'nam'",
        ),
        (
            "from depthstudy.errors import InputError\n"
            "def open_source(config):\n    raise InputError('no images today')",
            "^no images today$",
        ),
        (
            SOURCE.replace('class_names=("', 'labeled=False, class_names=("'),
            "^stripes has no labels, which training needs$",
        ),
    ],
)
def test_refusals(module: Callable[[str], Path], code: str, message: str) -> None:
    module(code)
    with pytest.raises(InputError, match=message) as caught:
        load(DataConfig(validation=0.0, name="user_images:open_source"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "absent"), [("no_such:function", "no_such"), ("email.no_such:f", "email.no_such")]
)
def test_a_module_that_is_absent(name: str, absent: str) -> None:
    with pytest.raises(InputError, match=rf"there is no module '{absent}' on sys.path$"):
        load(DataConfig(validation=0.0, name=name))
