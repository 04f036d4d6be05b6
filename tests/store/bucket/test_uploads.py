"""What is put into a bucket comes there in the order of writing, or a line says why not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from depthstudy.errors import FailedError
from depthstudy.store.bucket import places
from depthstudy.store.bucket.connection import Bucket
from depthstudy.store.bucket.uploads import Uploads

URL = "s3://bucket/study"


class _Journal:
    """Stands in the place of a bucket: notes what is asked of it, once it may."""

    def __init__(self) -> None:
        self.may = threading.Event()
        self.done: list[tuple[str, str]] = []

    def connect(self, url: str, patience: float, stopped: threading.Event) -> Any:
        self.may.wait(20)
        journal = self

        class _Folder:
            def upload(self, path: Path, name: str) -> None:
                journal.done.append((f"{url}/{name}".removeprefix(f"{URL}/"), path.read_text()))

            def entries(self) -> dict[str, None]:
                return {"": None}

            def remove(self, names: list[str]) -> None:
                gone = [f"{url}/{name}".removeprefix(f"{URL}/") for name in names]
                journal.done += [(name, "removed") for name in gone]

        return _Folder()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return places.inside(places.room("work", URL), URL)


def _put(uploads: Uploads, path: Path, text: str, **options: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_text(text)
    uploads.put(path, **options)


def _checkpoint(uploads: Uploads, folder: Path, step: int) -> None:
    place = folder / f"checkpoints/{step}"
    place.mkdir(parents=True)
    for name in ("training", "variables"):
        (place / f"{name}.safetensors").write_text(str(step))
    uploads.put(place)


def test_order_and_bytes_are_those_of_writing(folder: Path) -> None:
    journal = _Journal()
    uploads = Uploads(journal.connect)
    _put(uploads, folder / "table.csv", "1")
    _put(uploads, folder / "other.csv", "2")
    _put(uploads, folder / "table.csv", "3")
    (folder / "other.csv").unlink()
    uploads.remove(folder / "other.csv")
    journal.may.set()
    uploads.wait()
    assert journal.done == [
        ("table.csv", "1"),
        ("other.csv", "2"),  # though it is no longer there
        ("table.csv", "3"),
        ("other.csv", "removed"),
    ]
    assert not list(places.room("spool").iterdir())


def test_what_says_that_a_folder_is_whole_comes_there_last(folder: Path) -> None:
    journal = _Journal()
    journal.may.set()
    uploads = Uploads(journal.connect)
    names = ("records.csv", "result.json", "run.json")
    paths = [folder / "run" / name for name in names]
    paths += [folder / f"run/checkpoints/5/{x}.safetensors" for x in ("training", "variables")]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    uploads.put(folder / "run")
    uploads.wait()
    put = [name.rpartition("/")[2] for name, _ in journal.done]
    assert set(put[:3]) == {"variables.safetensors", "records.csv", "run.json"}
    assert put[3:] == ["training.safetensors", "result.json"]


def test_a_slow_bucket_is_not_given_checkpoints_that_are_gone(folder: Path) -> None:
    journal = _Journal()
    uploads = Uploads(journal.connect)
    _put(uploads, folder / "first.txt", "")  # which the thread is busy with
    for step in range(1, 5):
        _checkpoint(uploads, folder, step)
        uploads.remove(folder / f"checkpoints/{step - 1}", is_folder=True)
    journal.may.set()
    uploads.wait()
    put = [name for name, text in journal.done if text != "removed"]
    last = "checkpoints/4/training.safetensors"
    assert put == ["first.txt", "checkpoints/4/variables.safetensors", last]
    removed = [journal.done.index(one) for one in journal.done if one[1] == "removed"]
    assert len(removed) == 4
    assert min(removed) > journal.done.index((last, "4"))


def test_a_growing_file_is_put_there_as_it_was_last(folder: Path) -> None:
    journal = _Journal()
    uploads = Uploads(journal.connect)
    _put(uploads, folder / "first.txt", "")
    path = folder / "journal.log"
    for length in range(1, 50):
        path.write_text("x" * length)
        uploads.put(path, growing=True)
    path.write_text("more")
    journal.may.set()
    uploads.wait()
    assert journal.done[-1] == ("journal.log", "x" * 49)
    assert len(journal.done) <= 3


def test_what_fails_is_said_to_whoever_writes_next(folder: Path) -> None:
    def connect(url: str, patience: float, stopped: threading.Event) -> Any:
        raise FailedError(f"{url} cannot be reached")

    uploads = Uploads(connect)
    _put(uploads, folder / "one.txt", "1")
    for call in (uploads.wait, lambda: _put(uploads, folder / "two.txt", "2")):
        with pytest.raises(FailedError, match=f"{URL} cannot be reached"):
            call()
    assert not list(places.room("spool").iterdir())


def test_an_upload_of_a_former_folder_is_not_tried_again(folder: Path) -> None:
    begun, may, journal = threading.Event(), threading.Event(), _Journal()
    journal.may.set()
    former: list[threading.Event] = []

    def connect(url: str, patience: float, stopped: threading.Event) -> Any:
        if former:
            return journal.connect(url, patience, stopped)
        former.append(stopped)
        begun.set()
        may.wait(20)
        raise FailedError(f"{url} cannot be reached")

    uploads = Uploads(connect)
    _put(uploads, folder / "one.txt", "1")
    assert begun.wait(20)
    uploads.forget()
    assert former[0].is_set()
    may.set()
    _put(uploads, folder / "two.txt", "2")
    uploads.wait()  # its failure is none of the folder that is written to now
    assert journal.done == [("two.txt", "2")]


def test_an_upload_is_not_tried_again_when_the_lease_is_lost(
    url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploads, begun, ended = Uploads(), threading.Event(), threading.Event()
    tried, tries = Bucket.upload, []

    def fail(*arguments: Any, **options: Any) -> None:
        tries.append(arguments)
        begun.set()
        raise ConnectionResetError("reset by peer")

    def upload(remote: Bucket, path: Path, name: str) -> None:
        monkeypatch.setattr(remote.file_system, "put_file", fail)
        try:
            tried(remote, path, name)
        finally:
            ended.set()

    monkeypatch.setattr(Bucket, "upload", upload)
    monkeypatch.setattr("depthstudy.store.bucket.connection.PAUSE", 100.0)
    _put(uploads, folder / "one.txt", "1")
    assert begun.wait(20)
    uploads.stop(FailedError("it was taken over"))
    assert ended.wait(20)
    assert len(tries) == 1
    with pytest.raises(FailedError, match="it was taken over"):
        uploads.wait()


def test_what_fails_for_a_moment_is_tried_again(
    url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    remote, fails = Bucket(url, patience=30.0), iter([True, True])
    put = remote.file_system.pipe_file

    def sometimes(*arguments: Any, **options: Any) -> None:
        if next(fails, False):
            raise ConnectionResetError("reset by peer")
        put(*arguments, **options)

    monkeypatch.setattr(remote.file_system, "pipe_file", sometimes)
    monkeypatch.setattr("depthstudy.store.bucket.connection.PAUSE", 0.05)
    remote.write("one.txt", b"1")
    assert remote.read("one.txt") == b"1"
    (message,) = [record.getMessage() for record in caplog.records]
    assert message == f"{url} cannot be reached (reset by peer); it is tried again"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (lambda: PermissionError("Access Denied"), "no permission .*let these credentials list"),
        (lambda: OSError("Forbidden: x\ndoes not have storage.objects.get"), "no permission"),
        (lambda: RuntimeError("Anonymous caller does not have access"), "no credentials"),
    ],
)
def test_what_is_refused_is_not_tried_again(
    url: str, monkeypatch: pytest.MonkeyPatch, error: Callable[[], Exception], line: str
) -> None:
    remote, calls = Bucket(url, patience=1_000.0), []

    def refuse(*arguments: Any, **options: Any) -> None:
        calls.append(arguments)
        raise error()

    monkeypatch.setattr(remote.file_system, "put_file", refuse)
    with pytest.raises(FailedError, match=f"{url}: {line}"):
        remote.upload(Path("file"), "name")
    assert len(calls) == 1
