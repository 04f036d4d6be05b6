"""CKA against its definition, its invariances, and layers of real nets."""

import dataclasses
from collections.abc import Callable, Iterator

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depthstudy import arch, nets
from depthstudy.data import Dataset
from depthstudy.probes import NotApplicable, ProbeInput
from depthstudy.probes.probe_input import matches
from depthstudy.probes.representation import alignment, features, similarity


def by_definition(x: np.ndarray, y: np.ndarray) -> float:
    """Song et al. 2012, eq. 4, term by term, of features that nobody centered."""
    n = len(x)
    grams = [np.asarray(part, np.float64) @ np.asarray(part, np.float64).T for part in (x, y)]
    for gram in grams:
        np.fill_diagonal(gram, 0)

    def hsic(k: np.ndarray, m: np.ndarray) -> float:
        whole = k.sum() * m.sum() / ((n - 1) * (n - 2))
        rows = 2 / (n - 2) * np.ones(n) @ k @ m @ np.ones(n)
        return (np.trace(k @ m) + whole - rows) / (n * (n - 3))

    k, m = grams
    return float(hsic(k, m) / np.sqrt(hsic(k, k) * hsic(m, m)))


def streamed(layers: list[np.ndarray], size: int) -> Callable[[], Iterator[alignment.Batch]]:
    """Returns the layers in batches, the last one filled up with examples of weight 0."""
    count = len(layers[0])
    steps = -(-count // size)
    rows = np.resize(np.arange(count), (steps, size))
    weights = (np.arange(steps * size) < count).reshape(steps, size).astype(np.float32)

    def stream() -> Iterator[alignment.Batch]:
        for row, weight in zip(rows, weights, strict=True):
            yield alignment.Batch([jnp.asarray(x[row]) for x in layers], jnp.asarray(weight))

    return stream


def drawn(seed: int, count: int, widths: tuple[int, ...]) -> list[np.ndarray]:
    """Returns layers that share part of what they hold, with means far from 0."""
    random = np.random.default_rng(seed)
    shared = random.normal(size=(count, 3))
    return [
        (
            shared @ random.normal(size=(3, width)) + random.normal(size=(count, width)) + 5 * i
        ).astype(np.float32)
        for i, width in enumerate(widths)
    ]


@pytest.mark.parametrize("budget", [0, 2 * 4 * 10 * 34, 2**29])
def test_cka_is_its_definition_whatever_is_kept(budget: int) -> None:
    layers = drawn(0, 47, (4, 30))
    result = alignment.cka_matrix(streamed(layers, 10), budget=budget)
    assert result[0, 1] == pytest.approx(by_definition(*layers), abs=1e-5)
    np.testing.assert_array_equal(result, result.T)
    np.testing.assert_allclose(np.diag(result), 1, atol=1e-5)


def test_the_numbers_of_images_say_how_sure_cka_is() -> None:
    """Their spread is that of the jackknife (Tukey 1958): of CKA without each image in turn."""
    x, y = drawn(3, 60, (5, 12))
    aligned = alignment.align(streamed([x, y], 16))
    assert aligned.influence.shape == (60, 3)
    one, both, other = aligned.influence.mean(axis=0)
    assert both / np.sqrt(one * other) == pytest.approx(aligned.matrix[0, 1], rel=1e-5)
    relative = aligned.influence / aligned.influence.mean(axis=0) @ [-0.5, 1, -0.5]
    error = aligned.matrix[0, 1] * relative.std() / np.sqrt(60)
    without = [by_definition(np.delete(x, i, 0), np.delete(y, i, 0)) for i in range(60)]
    assert error == pytest.approx(np.sqrt(59) * np.std(without), rel=0.1)


def test_many_pairs_of_layers_keep_groups_of_images(monkeypatch: pytest.MonkeyPatch) -> None:
    layers = drawn(0, 90, (4, 9))
    whole = alignment.align(streamed(layers, 20))
    monkeypatch.setattr(alignment, "KEPT", 0)
    few = alignment.align(streamed(layers, 20))
    np.testing.assert_allclose(few.matrix, whole.matrix, atol=1e-6)
    assert len(few.influence) == 32  # of three images each, fewer at the end of a batch
    np.testing.assert_allclose(few.influence.mean(axis=0), whole.influence.mean(axis=0), rtol=1e-6)


def test_cka_of_batches_is_not_the_mean_over_batches() -> None:
    """Labels that are sorted: every batch alone sees next to nothing of what the layers share."""
    x = np.repeat(np.eye(4, dtype=np.float32), 10, axis=0)
    noise = np.random.default_rng(0).normal(size=(2, 40, 4)).astype(np.float32) * 0.1
    result = alignment.cka_matrix(streamed([x + noise[0], x + noise[1]], 10))[0, 1]
    assert result == pytest.approx(by_definition(x + noise[0], x + noise[1]), abs=1e-5)
    assert result > 0.9


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), scale=st.sampled_from([1e-20, 1e-3, 1e3, 1e20]))
def test_cka_ignores_rotation_and_scale(seed: int, scale: float) -> None:
    x, y = drawn(seed, 40, (8, 8))
    rotation = np.linalg.qr(np.random.default_rng(seed).normal(size=(8, 8)))[0]
    turned = (scale * (x @ rotation)).astype(np.float32)
    result = alignment.cka_matrix(streamed([x, y, turned], 20))
    assert result[0, 2] == pytest.approx(1, abs=1e-5)
    assert result[2, 1] == pytest.approx(result[0, 1], abs=1e-5)


def test_a_constant_layer_is_like_none() -> None:
    x, _ = drawn(0, 30, (4, 4))
    dead, constant = np.zeros_like(x), np.full_like(x, 0.1)
    result = alignment.cka_matrix(streamed([x, dead, constant], 10))
    assert result[0, 0] == pytest.approx(1)
    assert not result[1:].any()
    assert not result[:, 1:].any()


@pytest.mark.parametrize(("count", "width"), [(20, 200), (32, 1000), (64, 200)])
def test_unrelated_layers_are_unlike_however_few_the_images(count: int, width: int) -> None:
    """The biased estimate would be width / (width + count), nearly 1."""
    random = np.random.default_rng(0)
    layers = [random.normal(size=(count, width)).astype(np.float32) for _ in range(12)]
    similarities = alignment.cka_matrix(streamed(layers, 16))[np.triu_indices(12, 1)]
    assert np.mean(similarities) == pytest.approx(0, abs=0.03)
    assert np.std(similarities) < 0.1


def test_four_images_are_the_least() -> None:
    x, y = drawn(0, 3, (4, 4))
    with pytest.raises(ValueError, match="at least 4 examples, there are 3"):
        alignment.cka_matrix(streamed([x, y], 2))


def test_blocks_of_alike_layers() -> None:
    planted = np.full((6, 6), 0.5)
    planted[1:5, 1:5] = 0.95
    np.fill_diagonal(planted, 1)
    assert similarity.largest_block(planted) == 4
    assert similarity.largest_block(np.eye(6)) == 1
    assert similarity.largest_block(np.zeros((6, 6))) == 0
    assert similarity.largest_block(planted, threshold=0.4) == 6
    planted[:3, 3:] = planted[3:, :3] = 0.2
    assert similarity.far_cka(planted) == pytest.approx(0.2)


@pytest.fixture(scope="module")
def probe_input(digits: Dataset, make: Callable) -> ProbeInput:
    network = nets.Network(arch.build("resnet", depth=8, layout="cifar", width=4))
    variables = make(network.spec)
    return ProbeInput(network, variables, digits, examples=130, batch_size=50)


def test_layers_of_a_net(probe_input: ProbeInput) -> None:
    names, matrix = similarity.cka(dataclasses.replace(probe_input, layers="stem,stage*/block*"))
    assert names == ["stem", "stage1/block01", "stage2/block01", "stage3/block01"]
    assert np.isfinite(matrix).all()
    np.testing.assert_array_equal(matrix, matrix.T)
    kept = [
        features.of(probe_input, examples, similarity.flatten)["stage2/block01"][
            np.asarray(examples.weights) > 0
        ]
        for examples in probe_input.batches(probe_input.dataset.train)
    ]
    stems = dataclasses.replace(probe_input, layers="stem")
    first = [
        features.of(stems, examples, similarity.flatten)["stem"][np.asarray(examples.weights) > 0]
        for examples in probe_input.batches(probe_input.dataset.train)
    ]
    expected = by_definition(np.concatenate(first), np.concatenate(kept))
    assert matrix[0, 2] == pytest.approx(expected, abs=1e-5)


def test_between_nets(probe_input: ProbeInput, make: Callable) -> None:
    rows, columns, matrix = similarity.cka_between(probe_input, probe_input)
    assert rows == columns
    np.testing.assert_allclose(matrix, similarity.cka(probe_input)[1], atol=1e-6)
    other = nets.Network(arch.build("plain", depth=14, layout="cifar", width=4))
    brighter = dataclasses.replace(probe_input.dataset, mean=probe_input.dataset.mean + 1)
    variables = make(other.spec)
    result = list(
        similarity.measure_between(
            probe_input, ProbeInput(other, variables, brighter, layers="*/*")
        )
    )
    assert result[0].layer == "stage1/block01 ~ stem/conv"
    assert {m.metric for m in result} == {"cross_cka"}
    assert all(-1 <= m.value <= 1 for m in result)


def test_each_net_gets_images_as_it_learned_them(probe_input: ProbeInput) -> None:
    """A second set with other moments: both nets see what the normalization of each gives."""
    other = dataclasses.replace(
        probe_input.dataset, mean=probe_input.dataset.mean + 0.3, std=probe_input.dataset.std * 2
    )
    second = dataclasses.replace(probe_input, dataset=other)
    (a, *_), (b, *_) = (list(s.batches(s.dataset.train)) for s in (probe_input, second))
    result = similarity.renormalized(a.images, probe_input, second)
    np.testing.assert_allclose(result, b.images, atol=1e-5)


def test_records(probe_input: ProbeInput) -> None:
    result = list(similarity.CKA.measure(probe_input))
    assert [m.layer for m in result] == [
        "stage1/block01 ~ stage2/block01",
        "stage1/block01 ~ stage3/block01",
        "stage2/block01 ~ stage3/block01",
        "",
        "",
    ]
    assert [m.metric for m in result[2:]] == ["cka", "block_share", "far_cka"]


def test_what_cannot_be_compared_says_so(probe_input: ProbeInput) -> None:
    with pytest.raises(NotApplicable, match="no layer matches"):
        similarity.cka(dataclasses.replace(probe_input, layers="stage9/*"))
    with pytest.raises(NotApplicable, match="only one layer"):
        list(similarity.CKA.measure(dataclasses.replace(probe_input, layers="stem")))
    small = dataclasses.replace(
        probe_input, dataset=dataclasses.replace(probe_input.dataset, image_shape=(4, 4, 1))
    )
    with pytest.raises(NotApplicable, match="different shapes"):
        similarity.cka_between(probe_input, small)
    broken = jax.tree.map(lambda x: x * jnp.nan, probe_input.variables)
    with pytest.raises(NotApplicable, match="stage1/block01 are not finite"):
        similarity.cka(dataclasses.replace(probe_input, variables=broken))


def test_a_pattern_does_not_cross_slashes() -> None:
    assert matches("stage1/block01", "stage*/block*")
    assert not matches("stage1/block01/conv1", "stage*/block*")
    assert matches("stem", "stem,stage*/block*")
    assert not matches("", "*")
