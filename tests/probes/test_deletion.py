"""Deleting and moving blocks: errors against nets that are rebuilt, and what is drawn."""

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from depthstudy import arch, nets
from depthstudy.data import Dataset
from depthstudy.nets import surgery
from depthstudy.probes import NotApplicable, ProbeInput
from depthstudy.probes.blocks import block_order, bound_net, deletion
from depthstudy.probes.blocks.bound_net import BoundNet


def subject_of(digits: Dataset, make: Callable, family: str, **options: object) -> ProbeInput:
    spec = arch.build(family, layout="cifar", width=4, **options)
    variables = make(spec)
    return ProbeInput(nets.Network(spec), variables, digits, examples=130, batch_size=50)


def whole(probe_input: ProbeInput) -> BoundNet:
    return BoundNet(probe_input.network, probe_input.variables)


@pytest.fixture(scope="module")
def probe_input(digits: Dataset, make: Callable) -> ProbeInput:
    """A net whose head is fitted, so that its errors are far from chance."""
    made = subject_of(digits, make, "resnet", depth=20)
    images, labels = (np.asarray(x) for x in digits.train.whole())
    images = (images / 255 - digits.mean) / digits.std
    outputs = jax.jit(nets.outputs, static_argnums=(0, 3))
    _, named = outputs(made.network, made.variables, jnp.asarray(images), "stage3/block03")
    pooled = np.mean(named["stage3/block03"], axis=(1, 2))
    inputs = np.concatenate([pooled, np.ones((len(pooled), 1))], axis=1)
    solution = np.linalg.lstsq(inputs, np.eye(10)[labels], rcond=None)[0]
    head = {"dense": {"kernel": solution[:-1], "bias": solution[-1]}}
    params = {**made.variables["params"], "head": jax.tree.map(jnp.float32, head)}
    return dataclasses.replace(made, variables={**made.variables, "params": params})


def test_deletion_is_that_of_a_rebuilt_net(probe_input: ProbeInput) -> None:
    result = {(m.layer, m.metric): m.value for m in deletion.DELETION.measure(probe_input)}
    before = result["", "error"]
    assert before < 0.75
    for path in ("stage1/block02", "stage3/block03"):
        spec, variables = surgery.remove_blocks(probe_input.spec, probe_input.variables, [path])
        rebuilt = BoundNet(nets.Network(spec), variables)
        error = bound_net.errors(probe_input, [rebuilt]).mean()
        assert result[path, "error_increase"] == pytest.approx(error - before, abs=1e-6)
    assert (
        max(result[path, "error_increase"] for path in surgery.removable(probe_input.spec)) > 0.02
    )
    for path in ("stage2/block01", "stage3/block01"):
        assert (path, "not_applicable: its shortcut is not the identity") in result
    alone = [value for (layer, metric), value in result.items() if layer and metric[0] == "e"]
    assert result["", "redundant_block_fraction"] == sum(value < 0.01 for value in alone) / len(
        alone
    )
    metrics = {metric for layer, metric in result if not layer}
    assert metrics == {
        "error",
        "redundant_block_fraction",
        *(f"error_increase_deleting_{k}" for k in (2, 4)),
        *(f"{what}_swapping_{k}" for what in ("error_increase", "kendall_tau") for k in (1, 2, 4)),
    }


def test_a_block_is_free_that_adds_less_than_a_point() -> None:
    assert deletion.redundant_block_fraction([-0.1, 0.0099, 0.01, 0.5]) == 0.5


def test_errors_count_every_example_once(probe_input: ProbeInput) -> None:
    wrong = count = 0
    apply = jax.jit(probe_input.network.apply)
    for examples in probe_input.batches(probe_input.dataset.test):
        guesses = np.argmax(apply(probe_input.variables, examples.images), axis=1)
        counted = np.asarray(examples.weights) > 0
        wrong += int(np.sum((guesses != np.asarray(examples.labels))[counted]))
        count += int(np.sum(counted))
    assert count == 130
    errors = bound_net.errors(probe_input, [whole(probe_input)])
    assert errors.shape == (count, 1)
    assert errors.mean() == pytest.approx(wrong / count)


def test_silent_blocks_cost_nothing(probe_input: ProbeInput) -> None:
    paths = surgery.removable(probe_input.spec)
    silent = surgery.zero_blocks(probe_input.spec, probe_input.variables, paths)
    result = list(deletion.DELETION.measure(dataclasses.replace(probe_input, variables=silent)))
    assert {m.value for m in result if m.metric.startswith("error_increase")} == {0.0}


def test_reestimated_statistics_repair_wrong_ones(probe_input: ProbeInput) -> None:
    wrong = {**probe_input.variables}
    wrong["batch_stats"] = jax.tree.map(lambda x: 100 * x + 3, wrong["batch_stats"])
    broken = dataclasses.replace(probe_input, variables=wrong)
    result = list(deletion.DELETION_REESTIMATED.measure(broken))
    (before,) = (m.value for m in result if m.metric == "error")
    right = bound_net.reestimate(probe_input, whole(probe_input))
    assert before == bound_net.errors(probe_input, [right]).mean()
    assert len([m for m in result if m.metric == "error_increase"]) == 7


def test_a_swap_moves_two_blocks() -> None:
    order = [["a", "b", "c"], ["d"]]
    assert block_order.swapped(order, [("a", "c")]) == [["c", "b", "a"], ["d"]]
    assert block_order.swapped(order, [("a", "c"), ("b", "c")]) == [["c", "a", "b"], ["d"]]
    assert order == [["a", "b", "c"], ["d"]]


def test_rank_correlation_of_orders() -> None:
    order = [["a", "b"], ["c", "d"]]
    assert block_order.kendall_tau(order, order) == pytest.approx(1)
    assert block_order.kendall_tau(order, [["d", "c"], ["b", "a"]]) == pytest.approx(-1)
    assert block_order.kendall_tau(order, [["b", "a"], ["c", "d"]]) == pytest.approx(1 - 2 / 6)


def test_only_equal_blocks_of_a_stage_are_swapped() -> None:
    spec = arch.build("resnet", depth=20, layout="cifar")
    pairs = block_order.swappable(spec)
    assert len(pairs) == 3 + 1 + 1
    first, *others = spec.stages[0]
    thin = dataclasses.replace(first, inner=3)
    pruned = dataclasses.replace(spec, stages=((thin, *others), *spec.stages[1:]))
    assert len(block_order.swappable(pruned)) == 1 + 1 + 1


def test_draws_depend_on_the_seed_alone(probe_input: ProbeInput) -> None:
    def drawn(seed: int) -> list:
        random = np.random.default_rng(seed)
        return [
            jax.tree.map(lambda x: float(jnp.sum(x)), trial.variant.variables["params"])
            for trial in deletion.random_deletions(probe_input.spec, whole(probe_input), random)
        ]

    assert drawn(0) == drawn(0)
    assert drawn(0) != drawn(1)


def test_nets_that_have_nothing_to_delete_say_so(digits: Dataset, make: Callable) -> None:
    plain = subject_of(digits, make, "plain", depth=8)
    with pytest.raises(NotApplicable, match="no block has an identity shortcut"):
        list(deletion.DELETION.measure(plain))
    bare = subject_of(digits, make, "resnet", depth=8, norm="none")
    with pytest.raises(NotApplicable, match="no batch statistics"):
        list(deletion.DELETION_REESTIMATED.measure(bare))


def damage_of(probe_input: ProbeInput, path: str) -> float:
    """Returns what the train loss gains in the net that is rebuilt without a block."""
    spec, variables = surgery.remove_blocks(probe_input.spec, probe_input.variables, [path])

    def loss(network: nets.Net, variables: nets.Variables) -> float:
        total = count = 0.0
        for images, labels, weights in probe_input.batches(probe_input.dataset.train):
            logits = jnp.asarray(network.apply(variables, images))
            chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=1)
            total -= float(jnp.sum(weights * chosen[:, 0]))
            count += float(weights.sum())
        return total / count

    before = loss(probe_input.network, probe_input.variables)
    return loss(nets.Network(spec), variables) - before


def test_damage_is_the_train_loss_of_a_rebuilt_net(probe_input: ProbeInput) -> None:
    result = bound_net.deletion_damage(probe_input)
    assert list(result) == list(surgery.removable(probe_input.spec))
    path = list(result)[1]
    assert result[path] == pytest.approx(damage_of(probe_input, path), abs=1e-4)


def test_a_block_that_ends_in_silu_is_taken_out_and_not_zeroed(
    digits: Dataset, make: Callable
) -> None:
    made = subject_of(digits, make, "resnet", depth=14, activation="silu")
    damage = bound_net.deletion_damage(made)
    for path in ("stage1/block01", "stage3/block02"):
        assert damage[path] == pytest.approx(damage_of(made, path), abs=1e-4)
    measured = {m.layer for m in deletion.DELETION.measure(made) if m.metric == "error_increase"}
    assert measured == set(damage)
