"""The extension is built, or one line says why not, and a library that computes wrongly goes."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from depthstudy.nets.convolution import native
from depthstudy.nets.convolution.native import build, library


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the sources, so that nothing is built yet."""
    for file in library.sources():
        shutil.copy(file, tmp_path)
    copy = tmp_path / library.SOURCE.name
    monkeypatch.setattr(library, "SOURCE", copy)
    return copy


@pytest.fixture
def onednn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something to be taken for oneDNN."""

    class Installed(str):
        def locate(self) -> Path:
            return tmp_path / self

    files = [Installed("include/oneapi/dnnl/dnnl.hpp"), Installed("lib/libdnnl.so.3")]
    monkeypatch.setattr(importlib.metadata, "files", lambda distribution: files)


def compiler(path: Path, script: str) -> str:
    """Returns a compiler that is a script of the shell."""
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_without_a_compiler(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert build.build() == "not built: there is no C++ compiler"
    assert not library.path().exists()


def test_without_onednn(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setenv("CXX", sys.executable)
    monkeypatch.setattr(importlib.metadata, "files", missing)
    assert build.build() == "not built: oneDNN is missing, pip install 'depthstudy[native]'"


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo x.cc:1:2: error: no good >&2; exit 1", "compiling failed, x.cc:1:2: error: no good"),
        ("exit 3", "compiling failed, exit code 3"),
        ("true", "the self-test failed, error: "),
        ("kill -11 $$", "compiling failed, exit code -11"),
    ],
)
def test_failures_are_one_line_and_leave_nothing(
    script: str, reason: str, elsewhere: Path, onednn: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXX", compiler(elsewhere.with_name("compiler"), script))
    message = build.build()
    assert message.startswith(f"not built: {reason}")
    assert "\n" not in message
    assert list(library.path().parent.iterdir()) == []


@pytest.mark.slow
@pytest.mark.skipif(not native.available(), reason="the extension is not built")
def test_a_library_that_computes_wrongly_is_not_put_in_place(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = f'exec {os.environ.get("CXX", "g++")} "$@" -O1'
    monkeypatch.setenv("CXX", compiler(elsewhere.with_name("compiler"), quick))
    methods = elsewhere.with_name("methods.h")
    text = methods.read_text()
    assert text.count("sums[tap] += value * slope") == 1
    methods.write_text(text.replace("sums[tap] += value", "sums[tap] -= value"))
    message = build.build()
    assert message.startswith(
        "not built: the self-test failed, error: kernel differs from XLA by 2.0"
    )
    assert list(library.path().parent.iterdir()) == []


def test_another_jaxlib_needs_another_library(monkeypatch: pytest.MonkeyPatch) -> None:
    now = library.path()
    monkeypatch.setattr(importlib.metadata, "version", lambda _: "0.0.1")
    assert library.path() != now
    assert library.path().parent == now.parent


def test_a_broken_library_is_not_used(tmp_path: Path) -> None:
    broken = tmp_path / "broken.so"
    broken.write_text("not a library")
    reason = library.load(broken)
    assert reason is not None
    assert "broken.so" in reason


def test_it_can_be_turned_off() -> None:
    module = "depthstudy.nets.convolution.native.library"
    code = f"from {module} import unavailable_reason; print(unavailable_reason())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "DEPTHSTUDY_NATIVE": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "DEPTHSTUDY_NATIVE=0"


@pytest.mark.slow
@pytest.mark.skipif(not native.available(), reason="the extension is not built")
def test_eight_devices_at_once_neither_hang_nor_grow() -> None:
    command = [sys.executable, str(Path(__file__).with_name("native_stress.py")), "60"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 150
