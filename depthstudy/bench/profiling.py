"""Where the time of a train step goes: its longest operations, and its share of the peak."""

from __future__ import annotations

import collections
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

from depthstudy import arch, runtime, train
from depthstudy.bench.benchmarks import Work
from depthstudy.bench.jax_side import steps
from depthstudy.bench.jax_side.run import timed
from depthstudy.train.steps import precision

_STEPS = 10
_PRODUCTS = 10
_PASSES = 3  # forward, and the gradients of the images and of the kernel: each as many products
_TOP = 10
_OUTSIDE, _UNKNOWN = "outside the net", "of unknown place"
_WIDTH = 100  # characters of a name
_TRACED = re.compile(r'^ *(?:ROOT )?%?([\w.-]+) = .*op_name="([^"]*)"', re.MULTILINE)
_NOT_IN_KERNELS = re.compile(r"[.-]")  # of the characters of a name
_NUMBER = re.compile(r"\d+(?= )")
_IS_LAYER = re.compile(r"[^_(][^(]*")  # neither a function nor a module that has no name
_IN_NET = re.compile(r"\(Network\)\)*/(.*)$")


def report(name: str, work: Work) -> str:
    """Returns, as Markdown, what a train step reaches and what it spends its time on.

    The parts are of a step without graphs, summed over what runs side by side.
    """
    program, options = steps.compiled(work), runtime.traceable_options()
    usual = options == runtime.compiler_options()
    seconds = _seconds(program, work.seeds)
    spent = _spent(program if usual else steps.compiled(work, options=options), work.seeds)
    parts = _summed((_part(place), each) for (place, _), each in spent.items())
    operations = {f"{place}: {operation}": each for (place, operation), each in spent.items()}
    summary = _summary(name, work, seconds)
    return "\n".join([summary, "", *_table("part", parts), "", *_table("operation", operations)])


def _seconds(program: train.Program, seeds: int) -> float:
    """Returns how long a step takes."""
    run = steps.taking_steps(program, seeds)
    run(_STEPS)
    return min(run(_STEPS) for _ in range(3)) / _STEPS


def _summary(name: str, work: Work, seconds: float) -> str:
    images = work.batch * work.seeds
    macs = arch.cost(steps.build(work), (work.side, work.side, 3)).macs
    reached = 2 * _PASSES * macs * images / seconds
    devices = jax.device_count() if work.seeds == 1 else min(jax.device_count(), work.seeds)
    peak = devices * product_rate(precision.compute_dtype(work.precision))
    return (
        f"{name}: {1e3 * seconds:.3g} ms a step, {images / seconds:,.0f} images/s, "
        f"{reached / 1e12:.3g} TFLOP/s: {100 * reached / peak:.2g}% of the {peak / 1e12:.3g} that "
        "products of large matrices reach here."
    )


def _table(title: str, spent: Mapping[str, float]) -> Iterator[str]:
    total = sum(spent.values())
    longest = sorted(spent.items(), key=lambda item: -item[1])
    rows, others = longest[:_TOP], longest[_TOP:]
    if others:
        rows.append((f"{len(others)} others", sum(seconds for _, seconds in others)))
    yield f"| {title} | ms a step, all cores or streams | share |"
    yield "|---|--:|--:|"
    for name, seconds in rows:
        yield f"| {name[:_WIDTH]} | {1e3 * seconds:.3g} | {seconds / total:.1%} |"


def _part(place: str) -> str:
    """Returns ``"conv backward"`` for ``"stage1/block02/conv1 backward"``."""
    return _NUMBER.sub("", place.rpartition("/")[2])


def _summed(pairs: Iterable[tuple[Any, float]]) -> dict[Any, float]:
    total: dict[Any, float] = collections.defaultdict(float)
    for key, value in pairs:
        total[key] += value
    return total


def product_rate(dtype: Any) -> float:
    """Returns how many operations a second products of large matrices reach on one device."""
    side = 1_024 if jax.default_backend() == "cpu" else 8_192
    a, b = jax.random.normal(jax.random.key(0), (2, side, side), dtype)

    @jax.jit
    def chain(a: jax.Array, b: jax.Array) -> jax.Array:
        for _ in range(_PRODUCTS):
            a = jnp.matmul(a, b) / side**0.5
        return a

    run = timed(lambda: jax.block_until_ready(chain(a, b)))
    run(1)
    return 2 * side**3 * _PRODUCTS / min(run(1) for _ in range(5))


def places_in(hlo: str) -> dict[str, str]:
    """Returns for each operation of a compiled step the layer that it is of, and which way.

    An operation stands there by its name, and by what its kernel is called on a GPU.

    Args:
      hlo: The step as XLA's text; an operation's metadata tell where in the net it was traced.
    """
    places = {name: _place(traced) for name, traced in _TRACED.findall(hlo)}
    return places | {_NOT_IN_KERNELS.sub("_", name): place for name, place in places.items()}


def _place(traced: str) -> str:
    match = _IN_NET.search(traced)
    if match is None:
        return _OUTSIDE
    way = "backward" if "transpose(" in traced[: match.start(1)] else "forward"
    path = [part for part in match[1].split("/")[:-1] if _IS_LAYER.fullmatch(part)]
    return f"{'/'.join(path) or 'net'} {way}"


def _spent(program: train.Program, seeds: int) -> dict[tuple[str, str], float]:
    """Returns the seconds a step by place and operation, summed over cores or streams."""
    run = steps.taking_steps(program, seeds)
    run(_STEPS)
    places = places_in(program.train_step.as_text())
    options = jax.profiler.ProfileOptions()
    options.python_tracer_level = 0
    with tempfile.TemporaryDirectory(prefix="depthstudy-bench-") as folder:
        with jax.profiler.trace(folder, profiler_options=options):
            run(_STEPS)
        (file,) = Path(folder).rglob("*.xplane.pb")
        return _summed(
            ((_place_of(event, places), event.name), 1e-9 * event.duration_ns / _STEPS)
            for event in _operations(jax.profiler.ProfileData.from_file(str(file)))
        )


def _place_of(event: Any, places: Mapping[str, str]) -> str:
    operation = str(dict(event.stats).get("hlo_op", event.name))
    return places.get(operation, _UNKNOWN)


def _operations(data: Any) -> Iterator[Any]:
    """Yields what ran on a GPU's streams or a TPU, or on a CPU the operations by XLA's names."""
    on_device = [
        line
        for plane in data.planes
        for line in plane.lines
        if plane.name.startswith("/device:") and line.name.startswith(("Stream", "XLA Ops"))
    ]
    if on_device:
        for line in on_device:
            yield from line.events
        return
    for plane in data.planes:
        for line in plane.lines:
            yield from (event for event in line.events if "hlo_op" in dict(event.stats))
