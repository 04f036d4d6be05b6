"""The process: freed memory stays, so that asking for it again costs no page faults."""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
from pathlib import Path

import jax
import pytest

from depthstudy import runtime

_FAULTS = """
import resource
import jax, jax.numpy as jnp, numpy as np
from depthstudy import runtime
runtime.keep_memory()
@jax.jit
def middle(seed):
    numbers = seed * jax.lax.iota(jnp.float32, 9_000_000).reshape(-1, 4) % 7
    return jnp.sort(numbers, axis=1)[:, 2].max()  # which needs 36 MB
def faults():
    np.ones(9_000_000)  # 72 MB
    middle(np.float32(3)).block_until_ready()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
faults()
before = faults()
print(faults() - before)
"""

_DISPATCH = """
import jax, jax.numpy as jnp
from depthstudy import runtime
runtime.set_up()
sort = jax.jit(lambda x: jnp.sort(x, axis=1).sum())
x = jax.random.normal(jax.random.key(0), (16, 20_000))
sort(x).block_until_ready()
print(sort(x).is_ready(), sort(x).is_ready())
"""
_DRAWN = """
import hashlib, os, jax, numpy as np
from depthstudy import runtime
runtime.set_up()
print(os.environ["XLA_FLAGS"])
drawn = np.asarray(jax.random.normal(jax.random.key(0), (3, 3, 16, 16)))
print(hashlib.sha256(drawn.tobytes()).hexdigest())
"""
_KEPT = """
import sys, jax
from depthstudy import hosts, runtime
hosts.count = lambda: int(sys.argv[1])
runtime.set_up()
jax.jit(lambda x: x + 1)(1.0)
"""


def test_unrolling_less_changes_no_bit() -> None:
    flag = "--xla_backend_optimization_level"
    (default, numbers), (kept, usual) = map(_drawn, ("", f"{flag}=3"))
    assert (default, kept) == (f"{flag}=2", f"{flag}=3")
    assert numbers == usual


def _drawn(flags: str) -> list[str]:
    command = [sys.executable, "-c", _DRAWN]
    environment = {**os.environ, "XLA_FLAGS": flags}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told")
def test_a_study_on_a_cpu_runs_programs_in_the_thread_that_calls_them() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _DISPATCH], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["True", "True"]


@pytest.mark.parametrize(("hosts", "kept"), [(1, True), (2, False)])
def test_several_hosts_keep_no_programs(tmp_path: Path, hosts: int, *, kept: bool) -> None:
    """Only the first would, and begin again without the others, which wait for it."""
    places = {"XDG_CACHE_HOME": str(tmp_path), "JAX_COMPILATION_CACHE_DIR": str(tmp_path / "x")}
    subprocess.run(
        [sys.executable, "-c", _KEPT, str(hosts)], env={**os.environ, **places}, check=True
    )
    assert any(path.is_file() for path in tmp_path.rglob("*")) == kept


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told")
def test_large_blocks_come_from_the_process_again() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FAULTS], capture_output=True, text=True, check=True
    )
    pages = (72_000_000 + 36_000_000) // resource.getpagesize()
    assert int(done.stdout) < pages / 10  # some for what other threads do meanwhile


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="only a CPU is told")
def test_an_option_that_xla_does_not_know_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    options = runtime.compiler_options()
    assert options["xla_cpu_scheduler_type"] == "CPU_SCHEDULER_TYPE_MEMORY_OPTIMIZED"
    monkeypatch.setitem(runtime.XLA_OPTIONS["cpu"], "of another version", ("xla_cpu_no_such", "1"))
    assert runtime.compiler_options() == options
    assert "of another version" not in runtime.hardware()["compiler"]


def test_on_a_gpu_convolutions_are_part_of_the_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    command_buffers = runtime.compiler_options()["xla_gpu_enable_command_buffer"].split(",")
    assert {"FUSION", "CUBLAS", "CONVOLUTION"} <= set(command_buffers)
    assert not runtime.traceable_options()["xla_gpu_enable_command_buffer"]


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="without graphs it is so")
def test_on_a_cpu_a_trace_needs_no_other_options() -> None:
    assert runtime.traceable_options() == runtime.compiler_options()


def test_programs_for_other_numbers_of_threads_are_kept_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = jax.config.jax_compilation_cache_dir
    folders = []
    for threads in ("1", "2", None):
        monkeypatch.delenv("PJRT_NPROC", raising=False)
        if threads:
            monkeypatch.setenv("PJRT_NPROC", threads)
        runtime.use_compilation_cache()
        folders.append(jax.config.jax_compilation_cache_dir)
    jax.config.update("jax_compilation_cache_dir", before)
    assert len(set(folders)) == 3


@pytest.mark.parametrize(
    ("platform", "rounded"),
    [("cpu", "float32"), ("gpu", "TF32 if the GPU has it"), ("tpu", "bfloat16")],
)
def test_what_products_are_rounded_to_is_known_to_the_report(
    monkeypatch: pytest.MonkeyPatch, platform: str, rounded: str
) -> None:
    monkeypatch.setattr(jax, "default_backend", lambda: platform)
    assert runtime.hardware()["products of float32"] == rounded
    with jax.default_matmul_precision("highest"):
        assert runtime.hardware()["products of float32"].startswith("highest")
