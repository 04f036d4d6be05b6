"""A study whose work directory lies in a bucket, on a server of S3's protocol on loopback (moto's).

    python tests/faults/bucket.py

Runs it on a local folder; in the bucket kills it in the middle while another command reads it, and
has it go on from an empty cache folder, as another machine would; starts a second writer beside
one, asks the first to end, and has it go on on another machine; and stops the server under one.
Prints a line for each; exit code 1 if a result differs by a bit, or an end is not one line with its
exit code within its time.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))
import s3_server
from tiny_study import ROOT, command, environment, is_same, left_behind

OPTIONS: Mapping[str, Any] = {"train.steps": 6_000, "train.evaluations": 40}
LEASE_SECONDS = 6
INTERRUPTED = "interrupted; run the same command to go on"
REFUSED = "another process is running a study in"
UNREACHABLE = "cannot be reached"
ASKED_SECONDS = 10.0


class End(NamedTuple):
    """How a command has ended: exit code, stderr, and seconds since it was asked to."""

    code: int
    errors: str
    seconds: float


class Place:
    """A bucket, and machines that see it: each is a cache folder."""

    def __init__(self, port: int, folder: Path, bucket: str) -> None:
        """Takes the port of the server, a folder for cache folders, and the name of the bucket."""
        self._port, self._folder, self.bucket = port, folder, bucket

    def url(self, name: str) -> str:
        """Returns the address of a folder in the bucket."""
        return f"s3://{self.bucket}/{name}"

    def start(self, arguments: Sequence[str], machine: str) -> subprocess.Popen[str]:
        """Starts a command on a machine."""
        variables = environment() | s3_server.variables(self._port)
        variables |= {
            "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
            "XDG_CACHE_HOME": str(self._cache(machine)),
            "DEPTHSTUDY_LEASE_SECONDS": str(LEASE_SECONDS),
        }
        return subprocess.Popen(
            arguments,
            env=variables,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _cache(self, machine: str) -> Path:
        """Returns the cache folder of a machine; what is compiled all share, which saves time."""
        shared, link = self._folder / "compiled", self._folder / machine / "depthstudy/xla"
        if not link.exists():
            shared.mkdir(exist_ok=True)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(shared)
        return self._folder / machine

    def fetched(self, name: str, folder: Path) -> Path:
        """Returns a folder with all that is in one of the bucket, fetched by a client of AWS."""
        client = s3_server.client(self._port)
        pages = client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=f"{name}/"
        )
        for one in (one for page in pages for one in page.get("Contents", [])):
            path = folder / one["Key"].removeprefix(f"{name}/")
            path.parent.mkdir(parents=True, exist_ok=True)
            client.download_file(self.bucket, one["Key"], str(path))
        return folder

    def names(self, name: str) -> list[str]:
        """Returns what is in a folder of the bucket, without that folder."""
        client = s3_server.client(self._port)
        listing = client.list_objects_v2(Bucket=self.bucket, Prefix=f"{name}/")
        return [one["Key"].removeprefix(f"{name}/") for one in listing.get("Contents", [])]

    def await_checkpoint(self, name: str, process: subprocess.Popen[str]) -> None:
        """Waits until a study in the bucket has a checkpoint, or its process has ended."""
        while process.poll() is None:
            if any("/training.safetensors" in one for one in self.names(name)):
                return
            time.sleep(0.05)


def run(place: str | Path, **options: Any) -> list[str]:
    """Returns the command of the study in a folder."""
    words = command(Path("WORKDIR"), **{**OPTIONS, **options})
    return [word.replace("WORKDIR", str(place)) for word in words]


def read(place: str) -> list[str]:
    """Returns a command that reads the one run of the study, as far as it has come."""
    load = f"import depthstudy; depthstudy.load('{place}/runs/resnet_depth8/seed0')"
    return [sys.executable, "-c", load]


def wait(process: subprocess.Popen[str], seconds: float = 600.0) -> End:
    """Returns how a command has ended; one that has not in time is killed, with exit code -9."""
    begun = time.monotonic()
    try:
        _, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        _, errors = process.communicate()
    return End(process.returncode, errors.strip(), time.monotonic() - begun)


def free_port() -> int:
    """Returns a port that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class _Story:
    """Tells what it tried, and remembers whether all went well."""

    def __init__(self, place: Place, folder: Path, expected: Mapping[str, Any]) -> None:
        self._place, self._folder, self._expected = place, folder, expected
        self.is_good = True

    def tell(self, what: str, good: bool, more: str) -> None:
        print(f"{'ok  ' if good else 'BAD '} {what}: {more}", flush=True)
        self.is_good &= good

    def end(self, what: str, end: End, code: int, line: str) -> None:
        last = end.errors.splitlines()[-1] if end.errors else ""
        good = end.code == code and line in last and "Traceback" not in end.errors
        self.tell(what, good, f"exit code {end.code} after {end.seconds:.1f} s: {last}")

    def compare(self, what: str, name: str, end: End) -> None:
        if end.code:
            self.tell(what, False, f"exit code {end.code}: {end.errors}")
            return
        results = left_behind(self._place.fetched(name, self._folder / f"fetched_{name}"))
        same = is_same(self._expected, results)
        self.tell(what, same, f"{'every bit' if same else 'other bits'} in {end.seconds:.1f} s")


def main() -> int:
    """Returns the exit code."""
    with TemporaryDirectory() as name, s3_server.apart(free_port()) as port:
        folder = Path(name)
        place = Place(port, folder, "studies")
        s3_server.make_bucket(place.bucket, port)
        end = wait(place.start(run(folder / "local"), "a"))
        if end.code:
            print(end.errors, file=sys.stderr)
            return 1
        story = _Story(place, folder, left_behind(folder / "local"))
        _killed(story, place, folder)
        _asked(story, place)
        _stopped(story, place, folder)
    return 0 if story.is_good else 1


def _killed(story: _Story, place: Place, folder: Path) -> None:
    process = place.start(run(place.url("killed")), "a")
    place.await_checkpoint("killed", process)
    end = wait(place.start(read(place.url("killed")), "reader"))
    is_writing = process.poll() is None
    process.kill()
    process.communicate()
    good = is_writing and end.code == 0
    story.tell("read while it was written", good, end.errors or f"{end.seconds:.1f} s")
    shutil.rmtree(folder / "a/depthstudy/buckets")
    end = wait(place.start(run(place.url("killed")), "b"))
    story.compare("killed, gone on from an empty cache folder", "killed", end)


def _asked(story: _Story, place: Place) -> None:
    process = place.start(run(place.url("asked")), "a")
    place.await_checkpoint("asked", process)
    story.end("a second writer", wait(place.start(run(place.url("asked")), "b")), 2, REFUSED)
    process.terminate()
    end = wait(process, ASKED_SECONDS)
    story.end("SIGTERM", end, 130, INTERRUPTED)
    story.tell("the lease was given back", ".lease" not in place.names("asked"), "asked")
    end = wait(place.start(run(place.url("asked")), "b"))
    story.compare("gone on on another machine", "asked", end)


def _stopped(story: _Story, place: Place, folder: Path) -> None:
    port = free_port()
    with s3_server.apart(port):
        s3_server.make_bucket(place.bucket, port)
        gone = Place(port, folder, place.bucket)
        process = gone.start(run(place.url("gone")), "c")
        gone.await_checkpoint("gone", process)
    story.end("the server stopped", wait(process), 1, UNREACHABLE)


if __name__ == "__main__":
    sys.exit(main())
