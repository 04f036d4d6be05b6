"""The process: freed memory stays, so that asking for it again costs no page faults."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

_FAULTS = """
import resource, sys
import jax, jax.numpy as jnp, numpy as np
from depthstudy import runtime
if sys.argv[1] == "keep":
    runtime.keep_memory()
@jax.jit
def middle(seed):
    numbers = seed * jax.lax.iota(jnp.float32, 16_000_000).reshape(-1, 4) % 7
    return jnp.sort(numbers, axis=1)[:, 2].max()  # which needs 64 MB, 15,625 pages
def faults():
    np.ones(16_000_000)  # 128 MB, 31,250 pages
    middle(np.float32(3)).block_until_ready()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
faults()
before = faults()
print(faults() - before)
"""


def page_faults(mode: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", _FAULTS, mode], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told")
def test_large_blocks_come_from_the_process_again() -> None:
    assert page_faults("keep") < 100
