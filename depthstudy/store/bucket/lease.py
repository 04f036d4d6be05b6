"""Who may write to a work directory in a bucket: an object there that its owner renews.

No clocks are compared. Whoever finds a lease watches it: a renewed one has a living owner, and one
that is not renewed for as long as its owner said has none, and is taken over. The object is created
only where there is none (``If-None-Match: *``), and read back, after a while where one was taken
over, so that of several that take it over one has it. An owner whose lease is another's writes no
more.
"""

from __future__ import annotations

import contextlib
import math
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from absl import logging

from depthstudy.errors import FailedError, InputError
from depthstudy.store.bucket import places
from depthstudy.store.bucket.connection import Bucket
from depthstudy.store.bucket.failures import no_bucket
from depthstudy.store.bucket.process import is_running

NAME = ".lease"
SECONDS_VARIABLE = "DEPTHSTUDY_LEASE_SECONDS"
_SECONDS = 60.0  # without a sign of life, until a lease is free
_RENEWALS = 6  # in that time
_LOOKS = 30  # of who watches, in that time
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """What the object says.

    Attributes:
      token: Of the process that has it, as no other has.
      host: The machine.
      boot: What is another after each start of the machine, and in each of its containers; ``""``
        where it does not say.
      process: The number of the process.
      renewals: How often it was renewed.
      seconds: For how long it holds without being renewed.
      since: When it was taken, for people.
    """

    token: str
    host: str
    boot: str
    process: int
    renewals: int
    seconds: float
    since: str


@contextlib.contextmanager
def held(bucket: Bucket, lost: Callable[[Exception], None]) -> Iterator[None]:
    """Holds the lease of a work directory.

    Args:
      bucket: The work directory.
      lost: Is called, from another thread, where another process has taken the lease over.

    Raises:
      InputError: Another process has it.
      FailedError: The bucket cannot be reached or written.
    """
    lease = new_lease()
    _take(bucket, lease)
    ended = threading.Event()
    heart = threading.Thread(target=_renew, args=(bucket.url, lease, ended, lost), daemon=True)
    heart.start()
    try:
        yield
    finally:
        ended.set()
        heart.join()
        with contextlib.suppress(FailedError, InputError):  # then it ends by itself
            if (now := _read(bucket)) is not None and now.token == lease.token:
                bucket.remove([NAME])


def new_lease() -> Lease:
    """Returns a lease of this process, from now on."""
    return Lease(
        token=secrets.token_hex(8),
        host=socket.gethostname(),
        boot=_boot(),
        process=os.getpid(),
        renewals=0,
        seconds=_seconds(),
        since=time.strftime("%Y-%m-%d %H:%M:%S %z"),
    )


def _seconds() -> float:
    text = os.environ.get(SECONDS_VARIABLE) or str(_SECONDS)
    with contextlib.suppress(ValueError):
        if 0 < float(text) < math.inf:
            return float(text)
    raise InputError(f"{SECONDS_VARIABLE}={text} is no number of seconds above 0")


def _boot() -> str:
    with contextlib.suppress(OSError):
        return f"{_BOOT.read_text().strip()} {places.namespace()}"
    return ""


def _take(bucket: Bucket, lease: Lease) -> None:
    # Read first, as some stores know no conditions; and once more, as a request that was sent twice
    # may have found what it made itself.
    while (other := _read(bucket)) is None:
        if bucket.create(NAME, msgspec.json.encode(lease)) and _read(bucket) is None:
            raise no_bucket(bucket.url)
    if other.token == lease.token:
        return
    if not _has_ended(other):
        logging.warning(
            "%s is in use by process %d on %s since %s; if that is gone, it is taken over in"
            " %.0f s",
            *(bucket.url, other.process, other.host, other.since, other.seconds),
        )
        _watch(bucket, other)
    _take_over(bucket, other, lease)


def _watch(bucket: Bucket, other: Lease) -> None:
    """Waits until a lease has ended; refuses where it is renewed."""
    end = time.monotonic() + other.seconds
    while time.monotonic() < end:
        time.sleep(other.seconds / _LOOKS)
        now = _read(bucket)
        if now is None:
            return
        if now != other:
            raise _refused(bucket, now)


def _take_over(bucket: Bucket, other: Lease, lease: Lease) -> None:
    now = _read(bucket)
    if now is not None and now.token != other.token:
        raise _refused(bucket, now)
    bucket.remove([NAME])
    bucket.create(NAME, msgspec.json.encode(lease))
    time.sleep(lease.seconds / _LOOKS)  # another may have removed it that saw the former one
    now = _read(bucket)
    if now is None or now.token != lease.token:
        raise _refused(bucket, now or other)
    logging.warning(
        "%s was in use by process %d on %s, which gives no sign of life: it is taken over",
        *(bucket.url, other.process, other.host),
    )


def _refused(bucket: Bucket, other: Lease) -> InputError:
    return InputError(
        f"another process is running a study in {bucket.url}: process {other.process} on"
        f" {other.host} since {other.since}"
    )


def _has_ended(lease: Lease) -> bool:
    """Returns whether a lease is of a process of this machine, seen from here, that has ended."""
    if (lease.host, lease.boot) != (socket.gethostname(), _boot()) or not lease.boot:
        return False
    return not is_running(lease.process)


def _read(bucket: Bucket) -> Lease | None:
    content = bucket.read(NAME)
    if content is None:
        return None
    try:
        return msgspec.json.decode(content, type=Lease)
    except msgspec.DecodeError as error:
        raise InputError(
            f"{bucket.url}/{NAME} is not as this version of depthstudy writes it ({error}):"
            " remove it"
        ) from error


def _renew(
    url: str, lease: Lease, ended: threading.Event, lost: Callable[[Exception], None]
) -> None:
    """Renews a lease until it is ended; what fails for a while is tried again."""
    bucket, last = Bucket(url), time.monotonic()
    while not ended.wait(lease.seconds / _RENEWALS):
        try:
            now = _read(bucket)
            if now is not None and now.token != lease.token:
                lost(_lost(url, now))
                return
            lease = msgspec.structs.replace(lease, renewals=lease.renewals + 1)
            bucket.write(NAME, msgspec.json.encode(lease))
            last = time.monotonic()
        except (FailedError, InputError) as error:
            if time.monotonic() - last > lease.seconds:
                lost(FailedError(str(error)))
                return


def _lost(url: str, now: Lease) -> FailedError:
    return FailedError(
        f"{url} was taken over by process {now.process} on {now.host}, as this one gave no sign of"
        " life; that one goes on with the study"
    )
