"""One process writes to a work directory in a bucket: who holds its lease, and until when."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

import msgspec
import pytest

from depthstudy import store
from depthstudy.errors import FailedError, InputError
from depthstudy.store import bucket
from depthstudy.store.bucket import lease, places
from depthstudy.store.bucket.connection import Bucket
from depthstudy.store.bucket.lease import NAME, Lease


def _of_another(renewals: int = 0, seconds: float = 0.6) -> bytes:
    return msgspec.json.encode(
        Lease(
            token="another",
            host="elsewhere",
            boot="1",
            process=7,
            renewals=renewals,
            seconds=seconds,
            since="today",
        )
    )


def _decoded(remote: Bucket) -> Lease:
    return msgspec.json.decode(remote.read(NAME) or b"", type=Lease)


def _until(what: Callable[[], bool], seconds: float = 20.0) -> bool:
    end = time.monotonic() + seconds
    while not what() and time.monotonic() < end:
        time.sleep(0.05)
    return what()


def test_a_lease_is_held_renewed_and_given_back(url: str) -> None:
    remote = Bucket(url)
    with bucket.work_in(url):
        first = _decoded(remote)
        assert _until(lambda: _decoded(remote).renewals > first.renewals)
    assert remote.entries() == {}


def test_a_second_writer_on_this_machine_is_refused(url: str) -> None:
    with (
        bucket.work_in(url),
        pytest.raises(InputError, match=f"another process is running a study in {url}"),
        bucket.work_in(url),
    ):
        pass


def _overwrite(remote: Bucket, name: str, content: bytes) -> bool:
    """Creates an object as a store does that knows no conditions."""
    remote.write(name, content)
    return True


@pytest.mark.parametrize("knows_conditions", [True, False])
def test_a_second_writer_elsewhere_is_refused(
    url: str, knows_conditions: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not knows_conditions:
        monkeypatch.setattr(Bucket, "create", _overwrite)
    remote, ended = Bucket(url), threading.Event()
    remote.write(NAME, _of_another(seconds=20))

    def renew() -> None:
        connection, renewals = Bucket(url), 1
        while not ended.wait(0.2):
            connection.write(NAME, _of_another(renewals, seconds=20))
            renewals += 1

    heart = threading.Thread(target=renew)
    heart.start()
    try:
        with (  # which it would not be, had it waited until the lease ends
            pytest.raises(InputError, match=f"a study in {url}: process 7 on elsewhere since"),
            bucket.work_in(url),
        ):
            pass
    finally:
        ended.set()
        heart.join()
    assert _decoded(remote).token == "another"


def test_a_lease_without_a_sign_of_life_is_taken_over(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    remote = Bucket(url)
    remote.write(NAME, _of_another())
    begun = time.monotonic()
    with bucket.work_in(url):
        assert time.monotonic() - begun > 0.6
        assert _decoded(remote).token != "another"
    messages = [record.getMessage() for record in caplog.records]
    assert messages == [
        f"{url} is in use by process 7 on elsewhere since today; if that is gone, it is taken over"
        " in 1 s",
        f"{url} was in use by process 7 on elsewhere, which gives no sign of life: it is taken"
        " over",
    ]


def test_a_lease_of_a_dead_process_of_this_machine_is_taken_over_at_once(url: str) -> None:
    dead = msgspec.structs.replace(lease.new_lease(), process=2**22 + 1, seconds=1_000.0)
    Bucket(url).write(NAME, msgspec.json.encode(dead))
    with bucket.work_in(url):
        pass


def test_a_process_of_another_container_may_be_there(
    url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Its number says nothing, even where the name of the machine is the same."""
    elsewhere = msgspec.structs.replace(lease.new_lease(), process=2**22 + 1, seconds=0.6)
    Bucket(url).write(NAME, msgspec.json.encode(elsewhere))
    key = places.process_key(1)
    assert places.process_of(f"read-{key}") == os.getpid()
    monkeypatch.setattr(places, "namespace", lambda: 7)
    assert places.process_of(f"read-{key}") is None
    assert places.process_key(1) != key
    with bucket.work_in(url):
        pass
    assert "if that is gone, it is taken over in" in caplog.text


@pytest.mark.parametrize("before", [None, _of_another()])
def test_a_lease_that_was_made_by_a_request_that_is_sent_again_is_held(
    url: str,
    before: bytes | None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    create = Bucket.create

    def create_twice(remote: Bucket, name: str, content: bytes) -> bool:
        return create(remote, name, content) and create(remote, name, content)

    monkeypatch.setattr(Bucket, "create", create_twice)
    if before is not None:
        Bucket(url).write(NAME, before)
    with bucket.work_in(url):
        assert f"process {os.getpid()}" not in caplog.text


@pytest.mark.parametrize("code", ["PreconditionFailed", "ConditionalRequestConflict"])
def test_a_store_need_not_say_which_condition_was_not_met(
    url: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As MinIO's."""
    from botocore.exceptions import ClientError
    from s3fs.errors import translate_boto_error

    def refuse(*_: object, **__: object) -> None:
        response = {"Error": {"Code": code, "Message": "One of the conditions did not hold"}}
        raise translate_boto_error(ClientError(response, "PutObject"))

    remote = Bucket(url)
    monkeypatch.setattr(remote.file_system, "pipe_file", refuse)
    assert not remote.create(NAME, b"")


def test_whoever_loses_its_lease_writes_no_more(url: str) -> None:
    def write_for_ever() -> None:
        with bucket.work_in(url) as folder:
            Bucket(url).write(NAME, _of_another())
            for number in range(1_000):
                store.write_text(folder / "file.txt", str(number))
                time.sleep(0.1)

    with pytest.raises(FailedError, match=f"{url} was taken over by process 7 on elsewhere"):
        write_for_ever()
    assert _decoded(Bucket(url)).token == "another"


def test_no_more_is_removed_when_the_lease_is_lost(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = threading.Event()
    remote = Bucket(url, stopped=stopped)
    remove, names = remote.file_system.rm_file, ["1.txt", "2.txt", "3.txt"]
    for name in names:
        remote.write(name, b"")

    def remove_and_lose(place: str) -> None:
        remove(place)
        stopped.set()

    monkeypatch.setattr(remote.file_system, "rm_file", remove_and_lose)
    remote.remove(names)
    assert list(remote.entries()) == ["2.txt", "3.txt"]


def test_a_lease_has_to_end_some_time(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for text in ("never", "0", "-1", "inf"):
        monkeypatch.setenv("DEPTHSTUDY_LEASE_SECONDS", text)
        with pytest.raises(InputError, match=f"={text} is no number"), bucket.work_in(url):
            pass
    assert Bucket(url).entries() == {}


def test_a_lease_that_is_none_is_a_line(url: str) -> None:
    Bucket(url).write(NAME, b"?")
    with pytest.raises(InputError, match="is not as this version"), bucket.work_in(url):
        pass
