"""Compiles the native convolution where a compiler and oneDNN are there, and says so in one line.

python -m depthstudy.nets.convolution.native.build
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import jax

from depthstudy.nets.convolution.native import library

_HEADER = ("onednn-devel-cpu-gomp", "oneapi/dnnl/dnnl.hpp")  # distribution, file
_LIBRARY = ("onednn-cpu-gomp", "libdnnl.so.3")
_PATIENCE = 300  # seconds


def build() -> str:
    """Returns ``"built"``, or ``"not built"`` and the reason.

    The library gets its place only after it has given what XLA gives.
    """
    target = library.path()
    if target.exists():
        return "built"
    try:
        compiler = shutil.which(os.environ.get("CXX", "g++"))
        if compiler is None:
            raise _BuildError("there is no C++ compiler")
        command = [compiler, *_flags(_find(*_HEADER).parents[2], _find(*_LIBRARY).parent)]
        target.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            made = Path(folder, target.name)
            _run("compiling", [*command, "-o", str(made)])
            _run("the self-test", [sys.executable, "-m", f"{__package__}.check", str(made)])
            made.replace(target)
    except (_BuildError, OSError) as error:
        return f"not built: {error}"
    return "built"


class _BuildError(Exception):
    """What stands in the way of building."""


def _find(distribution: str, file: str) -> Path:
    try:
        files = importlib.metadata.files(distribution) or []
    except importlib.metadata.PackageNotFoundError:
        raise _BuildError("oneDNN is missing, pip install 'depthstudy[native]'") from None
    for path in files:
        if str(path).endswith(file):
            return Path(str(path.locate())).resolve()
    raise _BuildError(f"{distribution} has no {file}")


def _flags(headers: Path, shared: Path) -> list[str]:
    """Returns the compiler's arguments; the code runs on any processor, oneDNN adapts to it."""
    includes = [f"-isystem{folder}" for folder in (headers, jax.ffi.include_dir())]
    return [
        *("-std=c++20", "-O3", "-fPIC", "-shared", "-fopenmp", "-Wall", "-Wextra", *includes),
        *(str(library.SOURCE), f"-L{shared}", "-l:libdnnl.so.3", f"-Wl,-rpath,{shared}"),
    ]


def _run(what: str, command: list[str]) -> None:
    """Runs a command that must succeed.

    Raises:
      _BuildError: It fails, crashes or hangs.
    """
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        raise _BuildError(f"{what} took over {_PATIENCE} s") from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if "error" in line.lower()]
        reason = lines[0].strip() if lines else f"exit code {done.returncode}"
        raise _BuildError(f"{what} failed, {reason}")


if __name__ == "__main__":
    print(f"native convolution: {build()}")
