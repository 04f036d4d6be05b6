"""How long a net takes for one image here, measured once and kept."""

from __future__ import annotations

import hashlib
import statistics
import time
from pathlib import Path

import jax
import jax.numpy as jnp

from depthstudy import nets, store
from depthstudy.arch import Spec

_CALLS = 30
_ANEW = "the nets of the search are measured again"


class Stopwatch:
    """Measures nets; what was measured is read from a file, so that a search repeats itself."""

    def __init__(self, path: Path, image_shape: tuple[int, int, int]) -> None:
        """Keeps what is measured in a JSON file."""
        self._path, self._shape = path, image_shape
        self._known: dict[str, float] = store.read_earlier_json(path, dict[str, float], _ANEW) or {}

    def __call__(self, spec: Spec) -> float:
        """Returns the median milliseconds of a net for one image, compiling left out."""
        key = hashlib.sha256(spec.to_json().encode()).hexdigest()[:16]
        if key not in self._known:
            self._known[key] = milliseconds(spec, self._shape)
            store.write_json(self._path, self._known)
        return self._known[key]


def milliseconds(spec: Spec, image_shape: tuple[int, int, int]) -> float:
    """Returns the median time of a net for one image, compiling left out."""
    network = nets.build(spec)
    variables = nets.init(network, jax.random.key(0), image_shape)
    apply = jax.jit(network.apply)
    image = jnp.zeros((1, *image_shape))
    jax.block_until_ready(apply(variables, image))
    times = []
    for _ in range(_CALLS):
        start = time.perf_counter()
        jax.block_until_ready(apply(variables, image))
        times.append(time.perf_counter() - start)
    return 1_000 * statistics.median(times)
