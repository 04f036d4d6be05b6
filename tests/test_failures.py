"""What fails for want of something outside is a line that says what to do."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import jax
import pytest
from absl import flags

from depthstudy.cli import failures
from depthstudy.errors import FailedError


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        (errno.ENOSPC, "make room"),
        (errno.EDQUOT, "make room"),
        (errno.EROFS, "make it writable"),
        (errno.EACCES, "make it writable"),
        (errno.ENAMETOOLONG, "take a shorter --workdir or config.name"),
        (errno.EMFILE, "ulimit -n"),
        (errno.EIO, "see to the disk"),
        (errno.ESTALE, "see to it"),
    ],
)
def test_of_files(code: int, hint: str) -> None:
    line = failures.line(OSError(code, os.strerror(code), "results/x"))
    assert line is not None
    assert line.startswith(f"results/x: {os.strerror(code)}; ")
    assert hint in line


@pytest.mark.parametrize(
    ("names", "hint"),
    [
        (("net", "out"), "; or take another --out"),
        (("workdir",), "; or take another --workdir"),
        (("study",), ""),
    ],
)
def test_another_place_is_named_by_a_flag_of_the_command(
    names: tuple[str, ...], hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = flags.FlagValues()
    for name in names:
        flags.DEFINE_string(name, None, "", flag_values=values)
    monkeypatch.setattr(flags, "FLAGS", values)
    assert failures.line(OSError(errno.EROFS, "Read-only file system", "x")) == (
        f"x: Read-only file system; make it writable, and the same command goes on{hint}"
    )


def test_a_file_that_may_not_be_read_need_not_be_writable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x").touch()
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.R_OK)
    error = OSError(errno.EACCES, "Permission denied", str(tmp_path / "x"))
    assert failures.line(error) == (
        f"{tmp_path / 'x'}: Permission denied; make it readable, and the same command goes on"
    )


@pytest.mark.parametrize(
    ("error", "part"),
    [
        (MemoryError(), "out of memory; "),
        (MemoryError("cannot allocate out of memory 3"), "(cannot allocate out of memory 3)"),
        (
            jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory: 9 bytes.\nBut"),
            "(RESOURCE_EXHAUSTED: Out of memory: 9 bytes.)",
        ),
        (
            RuntimeError("Traceback\n  File x\nE: RESOURCE_EXHAUSTED: much"),
            "(E: RESOURCE_EXHAUSTED",
        ),
    ],
)
def test_of_memory(error: Exception, part: str) -> None:
    line = failures.line(error)
    assert line is not None
    assert part in line
    assert "smaller config.train.batch_size" in line
    assert "\n" not in line


def test_what_is_a_mistake_of_ours_has_no_line() -> None:
    assert failures.line(FailedError("two were killed")) == "two were killed"
    assert failures.line(ValueError("x")) is None
    assert failures.line(KeyError("x")) is None
