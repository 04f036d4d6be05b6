"""Folders of a bucket behind local ones: what is written is there, and what is read is what is."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from s3_server import variables

from depthstudy import store
from depthstudy.errors import FailedError, InputError
from depthstudy.store import bucket
from depthstudy.store.bucket import places
from depthstudy.store.bucket.connection import Bucket, Entry


def contents(url: str) -> dict[str, bytes]:
    """Returns what is in a folder of a bucket, read by a client that is not ours."""
    import boto3

    name, _, key = url.removeprefix("s3://").partition("/")
    client = boto3.client("s3")
    objects = client.list_objects_v2(Bucket=name, Prefix=f"{key}/").get("Contents", [])
    return {
        one["Key"].removeprefix(f"{key}/"): client.get_object(Bucket=name, Key=one["Key"])[
            "Body"
        ].read()
        for one in objects
    }


def test_what_is_written_is_in_the_bucket(url: str) -> None:
    with bucket.work_in(url) as folder:
        store.write_text(folder / "a/one.txt", "one")
        store.write_text(folder / "two.txt", "two")
        store.write_text(folder / "two.txt", "2")
        store.write_text(folder / "gone/three.txt", "three")
        store.remove_folder(folder / "gone")
        store.write_text(folder / "four.txt", "four")
        store.remove(folder / "four.txt")
        store.move(folder / "a/one.txt", folder / "a/1.txt")
    assert contents(url) == {"a/1.txt": b"one", "two.txt": b"2"}


def test_the_bucket_is_the_truth(url: str) -> None:
    with bucket.work_in(url) as folder:
        store.write_text(folder / "kept.txt", "kept")
        store.write_text(folder / "changed.txt", "here")
    (folder / "only_here.txt").write_text("dropped")
    kept = (folder / "kept.txt").stat()
    Bucket(url).write("changed.txt", b"there")
    Bucket(url).write("new/new.txt", b"new")
    with bucket.work_in(url) as again:
        assert again == folder
        files = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
        assert {n: p.read_text() for n, p in files.items()} == {
            "kept.txt": "kept",
            "changed.txt": "there",
            "new/new.txt": "new",
        }
        assert (folder / "kept.txt").stat().st_ino == kept.st_ino  # it was not fetched again


def test_a_local_folder_stays_as_it_is(tmp_path: Path) -> None:
    with bucket.work_in(tmp_path) as folder:
        assert folder == tmp_path
    assert bucket.read_from(tmp_path) == bucket.write_to(tmp_path) == bucket.copied(tmp_path)
    bucket.placed(tmp_path)
    bucket.need(tmp_path)
    bucket.finish()


def test_a_tilde_is_the_home_of_a_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with bucket.work_in("~/study") as folder:
        assert folder == tmp_path / "study"
    for way in (bucket.read_from, bucket.write_to, bucket.copied, bucket.only_here):
        assert way("~/study") == folder
        assert way("~of-nobody/study") == Path("~of-nobody/study")


def test_a_whole_bucket_is_no_folder_of_a_study() -> None:
    message = "s3://b is a whole bucket; give a folder in it, as s3://b/quickstart"
    for way in (bucket.read_from, bucket.described):
        with pytest.raises(InputError, match=message):
            way("s3://b/")
    with pytest.raises(InputError, match=message), bucket.work_in("s3://b"):
        pass


def test_a_local_path_is_said_as_an_address(url: str) -> None:
    with bucket.work_in(url) as folder:
        text = f"{folder / 'runs'} is damaged, as is {folder}/a"
        assert bucket.shown(text) == f"{url}/runs is damaged, as is {url}/a"
        assert bucket.portable(folder) == url
    assert bucket.shown("results/x") == "results/x"


def test_a_folder_is_copied_once_and_again_when_it_changes(url: str) -> None:
    remote = Bucket(url)
    remote.write("cats/1.png", b"1")
    remote.write("dogs/2.png", b"2")
    folder = bucket.copied(url)
    remote.write("dogs/2.png", b"two")
    remote.write("dogs/3.png", b"3")
    remote.remove(["cats/1.png"])
    remote.write("cats/4.png", b"4")
    assert bucket.copied(url) == folder
    assert {p.name: p.read_bytes() for p in folder.rglob("*.png")} == {
        "2.png": b"two",
        "3.png": b"3",
        "4.png": b"4",
    }
    before = (folder / "cats/4.png").stat()
    bucket.copied(url)
    assert (folder / "cats/4.png").stat() == before  # it was not fetched again


def test_a_file_is_copied(url: str) -> None:
    Bucket(url).write("net.safetensors", b"weights")
    assert bucket.copied(f"{url}/net.safetensors").read_bytes() == b"weights"
    with pytest.raises(InputError, match=f"{url}/other.pth is neither a file nor a folder"):
        bucket.copied(f"{url}/other.pth")


def test_a_file_is_copied_again_when_it_changes_and_is_there_meanwhile(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote, address = Bucket(url), f"{url}/net.safetensors"
    remote.write("net.safetensors", b"weights")
    path = bucket.copied(address)
    before = path.stat()
    assert bucket.copied(address) == path
    assert path.stat() == before  # it was not fetched again
    download, seen = Bucket.download, []

    def watched(self: Bucket, places: Mapping[str, Path]) -> None:
        download(self, places)
        seen.append(path.read_bytes())

    remote.write("net.safetensors", b"others")
    with monkeypatch.context() as patched, path.open("rb") as opened:
        patched.setattr(Bucket, "download", watched)
        assert bucket.copied(address).read_bytes() == b"others"
        assert opened.read() == b"weights"
    assert seen == [b"weights"]
    assert [p.name for p in path.parent.iterdir()] == ["net.safetensors"]
    remote.remove(["net.safetensors"])
    remote.write("net.safetensors/a", b"a")
    assert (bucket.copied(address) / "a").read_bytes() == b"a"
    remote.remove(["net.safetensors/a"])
    remote.write("net.safetensors", b"weights")
    assert bucket.copied(address).read_bytes() == b"weights"


@pytest.mark.parametrize("content", [b"", b"{", b'{"1.png": 3}', b"\xff"])
def test_a_note_of_copies_that_a_kill_has_cut_is_written_anew(url: str, content: bytes) -> None:
    Bucket(url).write("1.png", b"1")
    folder = bucket.copied(url)
    (note,) = store.cache_dir().rglob("copied.json")
    note.write_bytes(content)
    assert bucket.copied(url) == folder
    before = (folder / "1.png").stat()
    assert bucket.copied(url) == folder
    assert (folder / "1.png").stat() == before
    assert [path.name for path in note.parent.glob("copied*")] == ["copied.json"]


def test_what_cannot_be_reached_is_a_line(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        pytest.raises(InputError, match="s3://no-such-bucket/x: there is no bucket no-such-bucket"),
        bucket.work_in("s3://no-such-bucket/x"),
    ):
        pass
    with pytest.raises(InputError, match="there is no bucket"):
        bucket.read_from("s3://no-such-bucket/x")
    for wrong in ("http://host/x", "gcs://bucket/x"):
        with pytest.raises(InputError, match="allowed are folders, s3://BUCKET/FOLDER and gs://"):
            bucket.is_url(wrong)
    with pytest.raises(InputError, match="expected s3://BUCKET/FOLDER"):
        bucket.read_from("s3://bucket/../other")


def test_what_is_removed_while_it_is_read_is_a_line(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Bucket(url).write("1.png", b"1")
    entries = Bucket.entries

    def with_one_that_is_gone(remote: Bucket) -> dict[str, Entry]:
        return {**entries(remote), "2.png": Entry(1, "", "")}

    monkeypatch.setattr(Bucket, "entries", with_one_that_is_gone)
    with pytest.raises(FailedError, match=f"{url}: an object was removed while it was read"):
        bucket.copied(url)
    with pytest.raises(FailedError, match=f"{url} changes faster than it is read"):
        bucket.read_from(url)


def test_no_room_for_a_copy_is_no_fault_of_the_network(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    remote = Bucket(url)
    remote.write("1.png", b"1")
    monkeypatch.setattr(remote.file_system, "get", fill)
    with pytest.raises(FailedError, match=f"no room for its local copy in {places.buckets()} .No"):
        bucket.copied(url)


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for scheme, module, extra in (("s3", "s3fs", "s3"), ("gs", "gcsfs.core", "gcs")):
        monkeypatch.setitem(sys.modules, module, None)
        with pytest.raises(InputError, match=rf"pip install 'depthstudy\[{extra}\]'"):
            bucket.read_from(f"{scheme}://bucket/study")


def test_no_credentials_and_no_network_are_a_line(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    monkeypatch.setenv("AWS_ENDPOINT_URL", variables(1)["AWS_ENDPOINT_URL"])
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(FailedError, match=r"cannot be reached .*see to the network"):
        bucket.read_from(url)
    s3fs.S3FileSystem.clear_instance_cache()
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(FailedError, match="no credentials were found: set AWS_ACCESS_KEY_ID"):
        bucket.read_from(url)
    s3fs.S3FileSystem.clear_instance_cache()
