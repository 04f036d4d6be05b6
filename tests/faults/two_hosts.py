"""A study on two hosts, which are two processes here that talk over loopback, with a device each.

    python tests/faults/two_hosts.py

Runs it on one host and on two, kills one of two, asks one of two to end, and has one or two go on.
Prints a line for each, with how far the losses are from those of one host; exit code 1 if any is
farther than rounding, or if an end was not one line within the time.
"""

from __future__ import annotations

import csv
import dataclasses
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tiny_study import command, environment

OPTIONS: Mapping[str, Any] = {"train.steps": 60, "train.evaluations": 3, "train.placement": "jit"}
ROUNDING = 1e-4  # of losses of a few, after as many steps
KILLED_SECONDS, ASKED_SECONDS = 60.0, 10.0  # in which all hosts have ended
INTERRUPTED = "interrupted; run the same command to go on"
GONE = "has gone, killed or cut off; give the same command on all hosts again, and it goes on"
_NATIVE = "[Gloo]"  # begins what is said of every connection


class End(list[tuple[int, str]]):
    """Exit code and stderr of each host, and how many seconds passed until the last has ended."""

    seconds = 0.0


def start(arguments: Sequence[str]) -> subprocess.Popen[str]:
    """Starts a command on one device."""
    return subprocess.Popen(
        arguments, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


def run_alone(workdir: Path, **options: Any) -> End:
    """Returns how the study ends on one host."""
    return wait([start(command(workdir, **{**OPTIONS, **options}))])


def start_hosts(workdir: Path, *, hosts: int = 2, **options: Any) -> list[subprocess.Popen[str]]:
    """Starts the study on hosts."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    words = command(workdir, **{**OPTIONS, **options})
    flags = [f"--coordinator={address}", f"--process_count={hosts}"]
    return [start([*words, *flags, f"--process_id={host}"]) for host in range(hosts)]


def wait(processes: Sequence[subprocess.Popen[str]], seconds: float = 600) -> End:
    """Returns how hosts have ended; one that has not in time is killed, with exit code -9."""
    begun, end = time.monotonic(), End()
    for process in processes:
        try:
            _, errors = process.communicate(timeout=max(1, begun + seconds - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            _, errors = process.communicate()
        lines = [line for line in errors.splitlines() if not line.startswith(_NATIVE)]
        end.append((process.returncode, "\n".join(lines)))
    end.seconds = time.monotonic() - begun
    return end


def disturb(workdir: Path, kind: signal.Signals, host: int, **options: Any) -> End:
    """Sends a signal to a host that trains, and returns how all hosts have ended."""
    return wait(start_disturbed(workdir, kind, host, **options), KILLED_SECONDS)


def start_disturbed(
    workdir: Path, kind: signal.Signals, host: int, **options: Any
) -> list[subprocess.Popen[str]]:
    """Starts the study on hosts, and returns them once one that trains was sent a signal."""
    before = checkpoints(workdir)
    processes = start_hosts(workdir, **options)
    await_checkpoint(workdir, processes[0], before)
    processes[host].send_signal(kind)
    return processes


def checkpoints(workdir: Path) -> frozenset[Path]:
    """Returns the folders of the checkpoints that a study has."""
    return frozenset(workdir.glob("runs/*/*/checkpoints/[0-9]*"))


def await_checkpoint(
    workdir: Path, process: subprocess.Popen[str], before: frozenset[Path] = frozenset()
) -> None:
    """Waits until the study has a checkpoint beside those before, or its process has ended."""
    while not checkpoints(workdir) - before and process.poll() is None:
        time.sleep(0.02)


def losses(workdir: Path) -> dict[tuple[str, ...], float]:
    """Returns every loss that was recorded, by run, step, probe and name."""
    with (workdir / "records.csv").open() as file:
        return {
            (row["variant"], row["seed"], row["step"], row["probe"], row["metric"]): float(
                row["value"]
            )
            for row in csv.DictReader(file)
            if row["metric"].endswith("loss")
        }


def difference(one: Path, other: Path) -> float:
    """Returns the greatest difference of a loss; infinite where other losses were recorded."""
    a, b = losses(one), losses(other)
    return max(abs(a[key] - b[key]) for key in a) if a.keys() == b.keys() else float("inf")


@dataclasses.dataclass
class _Story:
    """Tells what it tried, and remembers whether all went well."""

    expected: Path
    is_good: bool = True

    def tell(self, what: str, good: bool, more: str) -> None:
        print(f"{'ok  ' if good else 'BAD '} {what}: {more}", flush=True)
        self.is_good &= good

    def compare(self, what: str, workdir: Path, end: End) -> None:
        codes = [code for code, _ in end]
        loss_difference = difference(self.expected, workdir) if not any(codes) else float("inf")
        self.tell(
            what,
            loss_difference <= ROUNDING,
            f"exit codes {codes}, losses differ by {loss_difference:.1e}",
        )

    def end(self, what: str, end: End, codes: Sequence[int], line: str, limit: float) -> None:
        last_lines = [errors.splitlines()[-1:] for code, errors in end if code != -signal.SIGKILL]
        good = (
            [code for code, _ in end] == list(codes)
            and end.seconds <= limit
            and all(len(one) == 1 and line in one[0] for one in last_lines)
        )
        shown = " | ".join(errors for _, errors in end if errors)
        self.tell(what, good, f"exit codes {[c for c, _ in end]} in {end.seconds:.1f} s: {shown}")


def main() -> int:
    """Returns the exit code."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        ((code, errors),) = run_alone(folder / "one")
        if code:
            print(errors, file=sys.stderr)
            return 1
        story = _Story(folder / "one")
        story.compare("two hosts", folder / "two", wait(start_hosts(folder / "two")))
        for host, hosts in ((1, 1), (0, 2)):
            work = folder / f"killed{host}"
            end = disturb(work, signal.SIGKILL, host)
            codes = [-signal.SIGKILL if number == host else 1 for number in range(2)]
            story.end(f"host {host} of 2 killed", end, codes, GONE, KILLED_SECONDS)
            end = run_alone(work) if hosts == 1 else wait(start_hosts(work))
            story.compare(f"gone on with {hosts}", work, end)
        for host in (1, 0):
            work = folder / f"asked{host}"
            end = disturb(work, signal.SIGTERM, host)
            story.end(f"host {host} of 2 asked", end, (130, 130), INTERRUPTED, ASKED_SECONDS)
            story.compare("gone on with 2", work, wait(start_hosts(work)))
    return 0 if story.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
