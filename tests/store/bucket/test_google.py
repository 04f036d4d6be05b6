"""The same on an emulator of Google's store, where that and ``gcsfs`` are installed.

The emulator knows no conditions, so that of two that create an object both think they did; what the
real one says then is told by its code 412, which gcsfs makes ``FileExistsError``.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import image_folders
import pytest

from depthstudy import config, data, store
from depthstudy.errors import InputError
from depthstudy.store import bucket
from depthstudy.store.bucket import places
from depthstudy.store.bucket.connection import Bucket

pytest.importorskip("gcsfs")
emulator = pytest.importorskip("gcp_storage_emulator.server")

pytestmark = pytest.mark.filterwarnings("ignore")  # the emulator leaves sockets open
URL = "gs://bucket/study"


@pytest.fixture
def _google(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    logging.getLogger("gcp_storage_emulator").setLevel(logging.CRITICAL)
    server = emulator.create_server("127.0.0.1", 0, in_memory=True, default_bucket="bucket")
    server.start()
    address = f"http://127.0.0.1:{server._api._httpd.server_port}"
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", address)
    monkeypatch.setenv("CLOUD_STORAGE_EMULATOR_ENDPOINT", address)  # of array_record
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("DEPTHSTUDY_LEASE_SECONDS", "1.5")
    yield
    server.stop()


@pytest.mark.usefixtures("_google")
def test_folders() -> None:
    with bucket.work_in(URL) as folder:
        store.write_text(folder / "a/one.txt", "one")
        store.write_text(folder / "gone/two.txt", "two")
        store.remove_folder(folder / "gone")
        assert bucket.shown(folder / "a") == f"{URL}/a"
        assert ".lease" in Bucket(URL).entries()
    assert set(Bucket(URL).entries()) == {"a/one.txt"}
    before = (folder / "a/one.txt").stat()
    with bucket.work_in(URL) as folder:
        assert (folder / "a/one.txt").stat() == before  # by its MD5 it need not be fetched
    shutil.rmtree(places.buckets())
    assert (bucket.read_from(URL) / "a/one.txt").read_text() == "one"
    assert bucket.copied(f"{URL}/a/one.txt").read_text() == "one"
    with (
        pytest.raises(InputError, match="there is no bucket other"),
        bucket.work_in("gs://other/x"),
    ):
        pass


@pytest.mark.usefixtures("_google")
def test_prepared_sets_are_read_from_there(tmp_path: Path) -> None:
    images = image_folders.mixed_animals(tmp_path)
    local = data.load(config.DataConfig(name="folder", source_dir=str(images), stream=False))
    place = store.cache_dir() / local.name
    remote = Bucket("gs://bucket/sets")
    for path in place.iterdir():
        remote.upload(path, f"{local.name}/{path.name}")
    read = config.DataConfig(
        name=local.name.partition("/")[0], data_dir="gs://bucket/sets", stream=False
    )
    assert data.load(read).mean == local.mean
    with pytest.raises(InputError, match=r"is prepared on this machine: leave data\.data_dir out"):
        data.load(config.DataConfig(name="fashion_mnist", data_dir="gs://bucket/sets"))
