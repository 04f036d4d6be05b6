"""The process that a study runs in: its compilation cache, its versions, its hardware."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import importlib.metadata
import os
import platform
import sys
import tempfile
import warnings
from collections.abc import Mapping
from typing import Any

import jax
from absl import logging

from depthstudy import hosts, store
from depthstudy.errors import InputError

THREADS = "PJRT_NPROC"  # the variable by which XLA is told how many to use on a CPU

_MALLOC = {-4: 0, -1: 2**31 - 1}  # by number, as in malloc.h: M_MMAP_MAX and M_TRIM_THRESHOLD
_LEVEL = ("xla_backend_optimization_level", "2")
_GRAPHS = "xla_gpu_enable_command_buffer"
XLA_OPTIONS = {  # of XLA for each platform, by what they do
    "cpu": {
        "order of least memory": ("xla_cpu_scheduler_type", "CPU_SCHEDULER_TYPE_MEMORY_OPTIMIZED"),
        "barriers kept for fusion": ("xla_disable_hlo_passes", "cse_barrier_expander"),
        "YNN for products and sums only": (
            "xla_cpu_experimental_ynn_fusion_type",
            "LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT,LIBRARY_FUSION_TYPE_REDUCE",
        ),
    },
    "gpu": {
        "convolutions in graphs": (
            _GRAPHS,
            "FUSION,CUBLAS,CUBLASLT,CUSTOM_CALL,CUDNN,DYNAMIC_SLICE_FUSION,CONVOLUTION",
        ),
        "full optimization": (_LEVEL[0], "3"),
    },
}
_PACKAGES = ("depthstudy", "jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "numpy")
_IF_INSTALLED = ("pillow", "simplejpeg", "cykooz-resizer")  # what decodes and resizes images


def use_cpu() -> None:
    """Keeps the process off accelerators; call it before JAX's first use."""
    jax.config.update("jax_platforms", "cpu")


def cpu() -> jax.Device:
    """Returns the CPU as a device of JAX, beside accelerators too.

    Raises:
      InputError: ``JAX_PLATFORMS`` leaves it out.
    """
    try:
        return jax.local_devices(backend="cpu")[0]
    except RuntimeError as error:
        platforms = os.environ.get("JAX_PLATFORMS", "")
        raise InputError(
            f"this is computed on the CPU, which JAX_PLATFORMS={platforms} leaves out; give"
            f" JAX_PLATFORMS={platforms},cpu"
        ) from error


def set_up() -> None:
    """Makes the process ready for long work: what was compiled and what was allocated is kept.

    Call it before JAX's first use: how a CPU runs programs is settled when JAX looks for devices.
    """
    tune()
    require_platform()
    use_compilation_cache()


def tune() -> None:
    """Makes the process compute as those do that train, without what is kept on disk."""
    compile_quickly()
    keep_memory()


def require_platform() -> None:
    """Raises InputError where JAX has not the platform that it was asked for."""
    try:
        jax.devices()
    except (AssertionError, RuntimeError) as error:
        asked = os.environ.get("JAX_PLATFORMS", "")
        why = str(error).partition("\n")[0]
        raise InputError(
            f"JAX_PLATFORMS={asked} is not to be had here{f' ({why})' if why else ''}: unset it to "
            "take what there is, set it to cpu, or install JAX for that platform"
        ) from error


def compile_quickly() -> None:
    """Makes LLVM unroll less, which takes a fifth of the time for what draws random numbers.

    The numbers are the same to the last bit, and steps on a CPU take as long; those on a GPU are
    compiled as usual. What ``XLA_FLAGS`` says comes first. It is too late once JAX has looked for
    devices.
    """
    name, value = _LEVEL
    flags = os.environ.get("XLA_FLAGS", "")
    if name not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} --{name}={value}".strip()


def keep_memory() -> None:
    """Makes glibc keep what is freed, as every step asks for the same large blocks again.

    Otherwise they come from the kernel each time, page by page: a fifth to two fifths of the
    processor time of a step on a CPU, for some hundreds of MB. Only the heap of the first thread
    has room, so a CPU runs programs in the thread that calls them, which is the first; one heap for
    all threads would have them wait for each other. Where there is no glibc, nothing happens. It is
    too late for the CPU once JAX has looked for devices.
    """
    mallopt = _mallopt()
    if mallopt is not None:
        jax.config.update("jax_cpu_enable_async_dispatch", False)
        for parameter, value in _MALLOC.items():
            mallopt(parameter, value)


def _mallopt() -> Any:
    return getattr(ctypes.CDLL(None), "mallopt", None)


def use_compilation_cache() -> None:
    """Makes JAX keep every compiled program on disk, so that a second start compiles nothing.

    A program for the CPU is cut for its number of threads, by which JAX does not tell them apart.

    Several hosts keep nothing. Only the first would (JAX writes from no other), find its programs
    at the second start, and compile nothing; but XLA shares out a GPU's autotuning over the hosts
    of a program, and the others would wait for its part for a day. JAX asks once in a process
    whether there is a cache, so that it cannot be left out for single programs.
    """
    if hosts.count() > 1:
        jax.config.update("jax_enable_compilation_cache", False)
        return
    folder = store.cache_dir() / "xla" / os.environ.get(THREADS, "all")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        logging.warning("compiled programs are not kept in %s: %s", folder, error.strerror)
        return
    # What cannot be kept, on a full disk, is compiled again.
    warnings.filterwarnings("ignore", "Error (read|writ)ing persistent compilation cache")
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def compiler_options() -> dict[str, str]:
    """Returns XLA's options for the steps of a training, those of them that this XLA knows.

    On a CPU the order that needs the least memory runs on one thread, and only what is large is
    shared. The usual order hands each operation to whichever thread is free, and threads that fall
    asleep and wake are a twentieth of the step of a net on small images. Of the library YNN only
    products and sums are used: its convolution runs on one thread, and takes up to four times as
    long for the kernel's gradient. Barriers last until operations are fused, as ``nets.Network``
    needs it; usually they are gone by then.

    On a GPU convolutions are part of the step's graphs. By default each is launched by itself, and
    what is between two is too small for a graph: the step of a ResNet-20 takes 1.6 times as long.
    """
    return dict(_options()[words] for words in _used_options())


def traceable_options() -> dict[str, str]:
    """Returns the same but without graphs, of whose operations a trace does not tell the names."""
    return {name: "" if name == _GRAPHS else value for name, value in compiler_options().items()}


def _options() -> Mapping[str, tuple[str, str]]:
    return XLA_OPTIONS.get(jax.default_backend(), {})


def _used_options() -> list[str]:
    return [words for words, option in _options().items() if _is_known(*option)]


@functools.cache
def _is_known(name: str, value: str) -> bool:
    try:
        jax.jit(lambda: 0).lower().compile({name: value})
    except jax.errors.JaxRuntimeError:
        return False
    return True


def cores() -> int:
    """Returns the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def versions() -> dict[str, str]:
    """Returns the versions of Python and of the packages that numbers depend on."""
    version_by_package = {name: importlib.metadata.version(name) for name in _PACKAGES}
    for name in _IF_INSTALLED:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            version_by_package[name] = importlib.metadata.version(name)
    return {"python": sys.version.split()[0], **version_by_package}


def hardware() -> dict[str, str]:
    """Returns what the study ran on, and what XLA and the allocator were told."""
    devices = jax.devices()
    return {
        "platform": jax.default_backend(),
        "devices": f"{len(devices)} x {devices[0].device_kind}",
        "hosts": str(jax.process_count()),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
        "compiler": ", ".join(_used_options()) or "as it comes",
        "products of float32": _products(),
        "freed memory": "kept" if _mallopt() is not None else "as it comes",
    }


def _products() -> str:
    """Returns what factors of type float32 are rounded to, in convolutions too."""
    asked = jax.config.jax_default_matmul_precision  # type: ignore[attr-defined]
    if asked is not None:
        return f"{asked}, by JAX_DEFAULT_MATMUL_PRECISION"
    known = {"cpu": "float32", "gpu": "TF32 if the GPU has it", "tpu": "bfloat16"}
    return known.get(jax.default_backend(), "as they come")
