"""Counts are exact, and densities those of the papers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

from depthstudy import prune
from depthstudy.errors import InputError
from depthstudy.prune.distribution import erdos_renyi

SHAPES = {"a": (3, 3, 16, 16), "b": (3, 3, 16, 32), "c": (1, 1, 16, 32), "d": (3, 3, 1, 32)}


def test_erk_by_the_papers_formula() -> None:
    """Densities go as (in + out + height + width) / (in out height width) where none is above 1."""
    shapes = {"a": (3, 3, 64, 64), "b": (3, 3, 128, 256), "c": (1, 1, 64, 256)}
    densities = erdos_renyi(shapes, 0.95)
    formula = {"a": 134 / 36864, "b": 390 / 294912, "c": 322 / 16384}
    scale = {path: densities[path,] / formula[path] for path in shapes}
    np.testing.assert_allclose(list(scale.values()), scale["a"])
    kept = sum(densities[path,] * math.prod(shape) for path, shape in shapes.items())
    assert kept == pytest.approx(0.05 * (36864 + 294912 + 16384))


@pytest.mark.parametrize("sparsity", [0.1, 0.5, 0.9])
def test_erk_caps_densities_at_one(sparsity: float) -> None:
    """The same densities from solving for the factor numerically."""
    sizes = np.array([math.prod(shape) for shape in SHAPES.values()])
    raw = np.array([sum(shape) for shape in SHAPES.values()]) / sizes
    wanted = (1 - sparsity) * sizes.sum()
    factor = optimize.brentq(lambda f: np.minimum(1, f * raw) @ sizes - wanted, 1e-3, 1e3)
    densities = erdos_renyi(SHAPES, sparsity)
    np.testing.assert_allclose(list(densities.values()), np.minimum(1, factor * raw), rtol=1e-6)


def test_uniform_and_global() -> None:
    assert prune.counts("uniform", {"a": (10,), "b": (30, 2)}, [0.5, 0.9]).kept == (
        (5, 30),
        (1, 6),
    )
    assert prune.counts("global", {"a": (10,), "b": (30, 2)}, [0.5]) == prune.distribution.Counts(
        (("a", "b"),), ((35,),)
    )


@given(
    st.sampled_from(["erk", "global", "uniform"]),
    st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=4), min_size=1, max_size=6),
    st.lists(st.floats(0, 0.999), min_size=1, max_size=5),
    st.integers(0, 1),
)
def test_counts_are_exact_and_never_grow(
    name: str, shapes: list[list[int]], sparsities: list[float], least: int
) -> None:
    named = {str(i): tuple(shape) for i, shape in enumerate(shapes)}
    table = prune.counts(name, named, sorted(sparsities), least=least)
    sizes = [sum(math.prod(named[path]) for path in pool) for pool in table.pools]
    before = sizes
    for kept, sparsity in zip(table.kept, sorted(sparsities), strict=True):
        exact = sum(sizes) - round(sparsity * sum(sizes))
        assert sum(kept) == max(exact, least * len(named))
        assert all(0 <= now <= then for now, then in zip(kept, before, strict=True))
        assert all(k >= least for k in kept)
        before = list(kept)


def test_refusals() -> None:
    with pytest.raises(InputError, match="no distribution 'even'; allowed: erk, global, uniform"):
        prune.counts("even", SHAPES, [0.5])
    with pytest.raises(InputError, match="every parameter is exempt"):
        prune.counts("global", {}, [0.5])
