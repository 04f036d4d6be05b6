"""Two hosts on loopback, each a process with a device: one study, whoever ends or goes on."""

from __future__ import annotations

import re
import signal
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "tests/faults"))

import two_hosts  # noqa: E402
from tiny_study import command  # noqa: E402

OFTEN = {"train.evaluations": 6}
STREAMED = {"data.stream": True, "data.workers": 0}  # so that each host reads its own images


def files(workdir: Path) -> list[str]:
    """Returns the files of all runs; those of events have the time in their name."""
    paths = [str(path.relative_to(workdir)) for path in workdir.glob("runs/**/*")]
    return sorted(re.sub(r"tfevents.*", "tfevents", path) for path in paths)


def assert_done(end: two_hosts.End) -> None:
    assert not any(code for code, _ in end), end


def assert_asked(end: two_hosts.End) -> None:
    assert list(end) == [(130, two_hosts.INTERRUPTED)] * 2
    assert end.seconds < two_hosts.ASKED_SECONDS


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study on one host, which nobody disturbed."""
    folder = tmp_path_factory.mktemp("one")
    assert_done(two_hosts.run_alone(folder, **OFTEN))
    return folder


@pytest.mark.slow
def test_two_hosts_find_the_losses_of_one(one: Path, tmp_path: Path) -> None:
    end = two_hosts.wait(two_hosts.start_hosts(tmp_path, **OFTEN, **STREAMED))
    assert_done(end)
    assert end[1][1] == ""
    assert two_hosts.difference(one, tmp_path) < two_hosts.ROUNDING
    assert files(one) == files(tmp_path)


@pytest.mark.slow
def test_one_is_killed_and_both_go_on_until_one_is_asked_to_end(tmp_path: Path) -> None:
    """Host 1 is missed only after a while, in which another study loses its host 0."""
    folders = {host: tmp_path / str(host) for host in (1, 0)}
    started = {
        host: two_hosts.start_disturbed(folder, signal.SIGKILL, host, **OFTEN)
        for host, folder in folders.items()
    }
    for host, processes in started.items():
        end = two_hosts.wait(processes, two_hosts.KILLED_SECONDS)
        assert end[host][0] == -signal.SIGKILL
        assert end[1 - host] == (1, f"error: host {host} {two_hosts.GONE}")
    assert_asked(two_hosts.disturb(folders[1], signal.SIGTERM, 0, **OFTEN))


@pytest.mark.slow
def test_two_go_on_from_one_that_is_killed_and_one_from_two_that_are_asked(
    one: Path, tmp_path: Path
) -> None:
    process = two_hosts.start(command(tmp_path, **{**two_hosts.OPTIONS, **OFTEN}))
    two_hosts.await_checkpoint(tmp_path, process)
    process.kill()
    assert two_hosts.wait([process])[0][0] == -signal.SIGKILL
    assert_asked(two_hosts.disturb(tmp_path, signal.SIGTERM, 1, **OFTEN))
    assert_done(two_hosts.run_alone(tmp_path, **OFTEN))
    assert two_hosts.difference(one, tmp_path) < two_hosts.ROUNDING


@pytest.mark.slow
def test_seeds_and_probes_are_dealt_out(tmp_path: Path) -> None:
    options = {"train.placement": "pmap", "seeds": 4,
               "probes": ("gradients",), "probe_seeds": 1}  # fmt: skip
    assert_done(two_hosts.run_alone(tmp_path / "one", **options))
    end = two_hosts.wait(two_hosts.start_hosts(tmp_path / "two", **options))
    assert_done(end)
    lines = end[0][1].splitlines()
    assert len(lines) == 4  # a run each, told by the writer
    assert end[1][1] == ""
    assert two_hosts.difference(tmp_path / "one", tmp_path / "two") < two_hosts.ROUNDING


@pytest.mark.slow
def test_a_batch_that_cannot_be_split_is_one_line_on_each(tmp_path: Path) -> None:
    end = two_hosts.wait(two_hosts.start_hosts(tmp_path, **{"train.batch_size": 15}))
    line = (
        "config.train.batch_size=15 cannot be split over 2 devices; take a multiple, or placement"
    )
    assert [code for code, _ in end] == [2, 2]
    assert end[0][1].startswith(f"error: {line}")
    assert end[1][1].startswith(f"error: host 0: {line}")
