"""Channels pruned in training: whole groups, exact numbers of units, and then a smaller net."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import small_nets as small

from depthstudy import arch, nets, prune
from depthstudy.errors import InputError

MEMBER = ("resnet", {"depth": 8, "layout": "cifar", "width": 4, "num_classes": 3})
KEY = jax.random.key(3)


def test_a_net_trained_with_channel_masks_shrinks_to_its_logits() -> None:
    spec, variables = small.made(*MEMBER, side=8)
    network = nets.Network(spec)
    plan = prune.iterative(0.5, steps=[2, 4])
    optimizer = optax.chain(
        prune.scale_penalty(1e-3),
        optax.adamw(1e-2, weight_decay=1e-2),
        prune.sparsify(prune.Channels(spec), plan, key=KEY),
    )
    images = jax.random.normal(jax.random.key(1), (8, 8, 8, 3))
    labels = jnp.arange(8) % 3

    @jax.jit
    def step(variables: dict, state: tuple) -> tuple[dict, tuple]:
        def loss(params: dict) -> tuple[jax.Array, dict]:
            given = {**variables, "params": params}
            logits, new = network.apply(given, images, train=True, mutable=["batch_stats"])
            losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
            return losses.mean(), new

        gradients, new = jax.grad(loss, has_aux=True)(variables["params"])
        updates, state = optimizer.update(gradients, state, variables["params"])
        return {"params": optax.apply_updates(variables["params"], updates), **new}, state

    state = optimizer.init(variables["params"])
    variables = dict(variables)
    before = None
    for number in range(1, 7):
        variables, state = step(variables, state)
        masks = optax.tree.get(state, "masks")
        keep = prune.kept_units(spec, jax.device_get(masks))
        units = sum(len(stays) for stays in keep.values())
        gone = sum(int(np.sum(~stays)) for stays in keep.values())
        assert gone == round((0, *plan.sparsities)[min(number // 2, 2)] * units)
        assert all(stays.any() for stays in keep.values())
        assert before is None or all(np.all(before[name] | ~keep[name]) for name in keep)
        before = keep
        jax.tree.map(
            lambda p, m: np.testing.assert_array_equal(np.where(m, 0, p), 0),
            variables["params"],
            masks,
        )
    smaller, kept = prune.shrink(spec, variables, keep)
    assert arch.cost(smaller, (8, 8, 3)).macs < 0.6 * arch.cost(spec, (8, 8, 3)).macs
    np.testing.assert_allclose(
        small.logits(smaller, kept, 8), small.logits(spec, variables, 8), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize(
    ("family", "options", "distribution"),
    [(*small.MEMBERS[i], how) for i, how in ((2, "global"), (20, "global"), (27, "uniform"))],
)
def test_a_group_never_loses_its_last_unit(family: str, options: dict, distribution: str) -> None:
    spec, variables = small.made(family, options)
    params = jax.device_get(variables["params"])
    pruner = prune.Channels(spec, prune.random_units, distribution)
    keep = prune.choose_channels(pruner, params, 0.999, key=KEY)
    assert set(keep) == {group.name for group in arch.channel_groups(spec)}
    assert all(np.sum(stays) == 1 for stays in keep.values())
    smaller, _ = prune.shrink(spec, variables, keep)
    assert arch.cost(smaller, (16, 16, 3)).parameters > 0


def test_exempt_groups_stay_whole() -> None:
    spec, variables = small.made(*MEMBER)
    pruner = prune.Channels(spec, distribution="uniform", exempt=("stem/*", "*2/block01/conv1"))
    keep = prune.choose_channels(pruner, variables["params"], 0.5, key=KEY)
    shares = {name: float(np.mean(stays)) for name, stays in keep.items()}
    assert shares == {
        "stem/conv": 1,
        "stage1/block01/conv1": 0.5,
        "stage2/block01/conv1": 1,
        "stage2/block01/conv2": 0.5,
    }


def test_the_control_draws_from_its_key() -> None:
    spec, variables = small.made(*MEMBER)
    pruner = prune.Channels(spec, prune.random_units)
    drawn = [
        np.concatenate(
            list(prune.choose_channels(pruner, variables["params"], 0.5, key=k).values())
        )
        for k in (KEY, KEY, jax.random.key(4))
    ]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])


def test_exempt_weights_by_pattern() -> None:
    spec, variables = small.made("vgg", {"depth": 11, "width": 4, "num_classes": 5})
    masks = prune.Weights().start(variables["params"])
    pruned = {
        "/".join(str(part.key) for part in path)
        for path, mask in jax.tree_util.tree_leaves_with_path(masks)
        if np.ndim(mask)
    }
    assert pruned == {
        "stage1/block01/conv1/kernel",
        "stage2/block01/conv1/kernel",
        "stage2/block02/conv1/kernel",
        "head/hidden1/kernel",
        "head/hidden2/kernel",
    }
    nothing = prune.Weights(exempt=("*",))
    with pytest.raises(InputError, match="every parameter is exempt"):
        nothing.choose(
            variables["params"],
            nothing.start(variables["params"]),
            jnp.zeros((), jnp.int32),
            sparsities=(0.5,),
            key=KEY,
        )
    assert spec.head.hidden == (12, 13)


def test_factors_of_branches_are_exempt() -> None:
    _, variables = small.made("resnet", {**MEMBER[1], "skip_init": True})
    masks = prune.Weights().start(variables["params"])
    assert masks["stage1"]["block01"]["skip_scale"]["scale"].ndim == 0
    plan = prune.one_shot(0.5, step=1)
    optimizer = prune.sparsify(prune.Weights(), plan, key=KEY)
    params = variables["params"]
    _, state = jax.jit(optimizer.update)(params, optimizer.init(params), params)
    assert optax.tree.get(state, "masks")["stage1"]["block01"]["skip_scale"]["scale"]


def test_channels_have_no_erk() -> None:
    spec = arch.build(*MEMBER[:1], **MEMBER[1])
    with pytest.raises(InputError, match="no distribution 'erk' here; allowed: global, uniform"):
        prune.Channels(spec, distribution="erk")
    with pytest.raises(InputError, match="'even' here; allowed: erk, global, uniform"):
        prune.Weights(distribution="even")
