"""A file of arrays that cannot be opened is not taken for one that is missing."""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from depthstudy.store import arrays


@contextlib.contextmanager
def no_more_files() -> Iterator[None]:
    """Has this process open no file meanwhile."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_it_says_why_and_is_whole_afterwards(tmp_path: Path) -> None:
    """Taken for damaged, a checkpoint would be moved aside, and its run begin again."""
    path = tmp_path / "state.safetensors"
    arrays.write(path, {"kernel": np.ones(3, np.float32)}, {})
    with no_more_files(), pytest.raises(OSError, match="Too many open files") as caught:
        arrays.read(path)
    assert caught.value.filename == str(path)
    assert arrays.read(path)[0].keys() == {"kernel"}
