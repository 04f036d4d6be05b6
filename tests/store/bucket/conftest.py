"""Buckets on a server of S3's protocol on loopback, and a cache folder for each test."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
import s3_server

_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def s3_port() -> Iterator[int]:
    for name in ("moto", "s3fs"):
        pytest.importorskip(name)
    with s3_server.in_process() as port:
        yield port


@pytest.fixture
def url(s3_port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Returns the address of an empty folder in a bucket of its own."""
    for name, value in s3_server.variables(s3_port).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("DEPTHSTUDY_LEASE_SECONDS", "1.5")
    name = f"bucket-{next(_NUMBERS)}"
    s3_server.make_bucket(name)
    return f"s3://{name}/study"
