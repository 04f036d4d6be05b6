"""Convolves on 8 simulated devices at once, from two threads; prints by how many MB it grew.

A program of its own, as it must be killed where it hangs.
"""

import os
import sys
import threading
from collections.abc import Callable

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=8"

import jax
import jax.numpy as jnp
import psutil

from depthstudy.nets.convolution.geometry import Geometry
from depthstudy.nets.convolution.native import available
from depthstudy.nets.convolution.primitive import native_convolution

DEVICES = 8


def descend(w: jax.Array, x: jax.Array) -> jax.Array:
    """One step of a net of four layers, whose gradients can be computed at the same time."""
    geometry = Geometry(x.shape[1:3], w.shape[1:3], (1, 1), ((1, 1), (1, 1)))

    def loss(w: jax.Array) -> jax.Array:
        y = x
        for layer in w:
            y = y + jnp.tanh(native_convolution(y, layer, geometry))
        return (y**2).mean()

    return w - 0.01 * jax.grad(loss)(w)


def worker(filters: int) -> Callable[[int], None]:
    """Returns a loop with shapes of its own."""
    step = jax.pmap(descend)
    x = jnp.ones((DEVICES, 16, 12, 12, filters))
    start = jnp.full((DEVICES, 4, 3, 3, filters, filters), 0.01)

    def run(rounds: int) -> None:
        w = start
        for _ in range(rounds):
            w = step(w, x)
        w.block_until_ready()

    return run


def main(rounds: int) -> None:
    """Warms up for a third of the rounds, then measures over all of them."""
    assert available()
    process = psutil.Process()
    workers = [worker(filters) for filters in (16, 24)]
    for count in (rounds // 3, rounds):
        before = process.memory_info().rss
        threads = [threading.Thread(target=run, args=(count,)) for run in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    print((process.memory_info().rss - before) / 2**20)


if __name__ == "__main__":
    main(int(sys.argv[1]))
