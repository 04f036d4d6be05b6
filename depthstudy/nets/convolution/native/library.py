"""The compiled library: where it lies, and whether this process can use it."""

from __future__ import annotations

import ctypes
import functools
import hashlib
import importlib.metadata
import os
import sys
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

from depthstudy.nets.convolution.primitive import TARGET

SOURCE = Path(__file__).with_name("convolution.cc")


def sources() -> list[Path]:
    """Returns the files that the library is made of."""
    return [SOURCE, *sorted(SOURCE.parent.glob("*.h"))]


def path() -> Path:
    """Returns the file for these sources, this jaxlib and this environment, which may not be there.

    A library for another jaxlib, whose interface may differ, thus has another name.
    """
    made_of = [*(file.read_text() for file in sources()), sys.prefix]
    made_of.append(importlib.metadata.version("jaxlib"))
    name = hashlib.sha256("\0".join(made_of).encode()).hexdigest()[:16]
    return SOURCE.with_name("build") / f"convolution-{name}.so"


def available() -> bool:
    """Returns whether the library is in use: it is built, and ``DEPTHSTUDY_NATIVE`` is not 0."""
    return unavailable_reason() is None


def supports(*operands: Any) -> bool:
    """Returns whether the library can convolve these arrays, on a CPU. Empty ones are XLA's."""
    return all(x.dtype == jnp.float32 and x.size for x in operands) and available()


def backend_name() -> str:
    """Returns what convolves here, for a record of what a study ran on."""
    reason = unavailable_reason() if jax.default_backend() == "cpu" else "not a CPU"
    return "oneDNN" if reason is None else f"XLA (native: {reason})"


@functools.cache
def unavailable_reason() -> str | None:
    """Returns why the library is not in use; ``None`` if it is, and it is loaded then."""
    if os.environ.get("DEPTHSTUDY_NATIVE") == "0":
        return "DEPTHSTUDY_NATIVE=0"
    if not path().exists():
        return "not built"
    return load(path())


def load(library: Path) -> str | None:
    """Gives XLA the library's function, once a process; returns why that fails, or ``None``."""
    try:
        function = ctypes.CDLL(str(library)).DepthstudyConvolution
        jax.ffi.register_ffi_target(TARGET, jax.ffi.pycapsule(function), platform="cpu")
    except (
        OSError,
        AttributeError,
        RuntimeError,
    ) as error:  # RuntimeError is XLA's, on its version
        return str(error).splitlines()[0]
    return None
