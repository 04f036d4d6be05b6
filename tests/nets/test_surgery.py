"""Taking blocks out and moving them: the values, the variables and the logits."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn
from flax import traverse_util

from depthstudy import arch, nets
from depthstudy.errors import InputError
from depthstudy.nets import surgery

IMAGE = (8, 8, 1)
MEMBERS = [
    ("resnet", {"depth": 14, "layout": "cifar", "width": 4}),
    ("resnet", {"depth": 14, "layout": "cifar", "width": 4, "norm": "none", "skip_init": True}),
    ("se_resnet", {"depth": 14, "layout": "cifar", "width": 4, "reduction": 2}),
    ("preact_resnet", {"depth": 14, "layout": "cifar", "width": 4}),
    ("preact_resnet", {"depth": 14, "layout": "cifar", "width": 4, "norm": "none"}),
]


def made(family: str, options: dict) -> tuple[arch.ArchSpec, nets.Variables]:
    """Returns a net all of whose variables are random, as if trained."""
    spec = arch.build(family, **options)
    random = np.random.default_rng(0)

    def draw(leaf: jax.ShapeDtypeStruct) -> jax.Array:
        if leaf.ndim == 1:
            return jnp.asarray(random.uniform(0.2, 1, leaf.shape), leaf.dtype)
        return jnp.asarray(random.normal(0, leaf.size**-0.3, leaf.shape), leaf.dtype)

    return spec, jax.tree.map(draw, shapes(spec))


def shapes(spec: arch.ArchSpec) -> nets.Variables:
    return jax.eval_shape(lambda: nets.init(nets.Network(spec), jax.random.key(0), IMAGE))


def logits(spec: arch.ArchSpec, variables: nets.Variables) -> jax.Array:
    images = jax.random.normal(jax.random.key(2), (5, *IMAGE))
    return jax.jit(nets.Network(spec).apply)(variables, images)


@pytest.mark.parametrize(("family", "options"), MEMBERS)
def test_a_silenced_net_is_one_rebuilt_without_the_blocks(family: str, options: dict) -> None:
    spec, variables = made(family, options)
    paths = ["stage1/block01", "stage3/block02"]
    smaller, kept = surgery.remove_blocks(spec, variables, paths)
    assert [len(stage) for stage in smaller.stages] == [1, 2, 1]
    assert jax.tree.map(jnp.shape, kept) == jax.tree.map(jnp.shape, shapes(smaller))
    rebuilt = logits(smaller, kept)
    silenced = logits(spec, surgery.zero_blocks(spec, variables, paths))
    np.testing.assert_allclose(silenced, rebuilt, rtol=1e-5, atol=1e-5 * float(jnp.std(rebuilt)))
    assert not np.allclose(rebuilt, logits(spec, variables), rtol=1e-2)


@pytest.mark.parametrize("activation", ["silu", "gelu", "hard_swish"])
def test_zeros_do_not_take_out_a_block_that_activates_once_more(activation: str) -> None:
    spec, variables = made(MEMBERS[0][0], {**MEMBERS[0][1], "activation": activation})
    with pytest.raises(InputError, match="still applies its last activation"):
        surgery.zero_blocks(spec, variables, ["stage1/block01"])
    left, kept = surgery.without_blocks(spec, variables, ["stage1/block01"])
    assert (left, jax.tree.map(jnp.shape, kept)) == (
        surgery.remove_blocks(spec, variables, ["stage1/block01"])[0],
        jax.tree.map(jnp.shape, shapes(left)),
    )


def test_zeros_take_out_a_rectified_block() -> None:
    spec, variables = made(*MEMBERS[0])
    same, zeroed = surgery.without_blocks(spec, variables, ["stage1/block01"])
    assert same == spec
    assert not np.any(zeroed["params"]["stage1"]["block01"]["norm2"]["scale"])


def test_removal_renumbers_what_is_left() -> None:
    spec, variables = made("resnet", {"depth": 20, "layout": "cifar"})
    _, kept = surgery.remove_blocks(spec, variables, ["stage2/block02"])
    for collection in ("params", "batch_stats"):
        old, new = variables[collection], kept[collection]
        assert list(new["stage2"]) == ["block01", "block02"]
        assert new["stage2"]["block02"] is old["stage2"]["block03"]
        assert new["stage3"]["block03"] is old["stage3"]["block03"]
        assert new["stem"] is old["stem"]


def test_a_whole_stage_can_go() -> None:
    spec, variables = made(*MEMBERS[0])
    smaller, kept = surgery.remove_blocks(spec, variables, surgery.removable(spec)[:2])
    assert [len(stage) for stage in smaller.stages] == [0, 2, 2]
    assert "stage1" not in kept["params"]
    assert logits(smaller, kept).shape == (5, 10)
    assert arch.ArchSpec.from_json(smaller.to_json()) == smaller


def test_names_get_shorter_when_a_stage_falls_below_a_hundred_blocks() -> None:
    spec = arch.build("resnet", depth=602, layout="cifar", width=1)
    assert surgery.order(spec)[0][:2] == ["stage1/block001", "stage1/block002"]
    leaf = {path.split("/")[1]: {"x": i} for i, path in enumerate(surgery.order(spec)[0])}
    smaller, kept = surgery.remove_blocks(
        spec, {"params": {"stage1": leaf, "stem": {}}}, ["stage1/block001"]
    )
    assert surgery.order(smaller)[0][-1] == "stage1/block99"
    assert kept["params"]["stage1"]["block01"] == {"x": 1}


def test_rearranging_back_changes_nothing() -> None:
    spec, variables = made(*MEMBERS[0])
    stages = surgery.order(spec)
    stages[0].reverse()
    same, moved = surgery.rearrange(spec, variables, stages)
    assert same == spec
    assert not np.allclose(logits(spec, moved), logits(spec, variables), rtol=1e-3)
    _, back = surgery.rearrange(spec, moved, stages)
    assert jax.tree.all(jax.tree.map(lambda a, b: a is b, back, variables))


def test_only_blocks_with_identity_shortcuts_can_go() -> None:
    spec, variables = made(*MEMBERS[0])
    assert set(surgery.blocks(spec)) - set(surgery.removable(spec)) == {
        "stage2/block01",
        "stage3/block01",
    }
    assert surgery.removable(arch.build("plain", depth=20, layout="cifar")) == ()
    assert len(surgery.removable(arch.build("resnet", depth=50))) == 16 - 4
    for edit in (surgery.remove_blocks, surgery.zero_blocks):
        for path in ("stage2/block01", "stage9/block01"):
            with pytest.raises(InputError, match=f"{path}.*cannot be removed; allowed: stage1"):
                edit(spec, variables, [path])


def test_reestimated_statistics_of_one_batch_are_its_own() -> None:
    spec, variables = made(*MEMBERS[0])
    images = jax.random.normal(jax.random.key(3), (16, *IMAGE))
    recalibrated = surgery.recalibrate_batch_norm(nets.Network(spec), variables, [images])
    kernel = variables["params"]["stem"]["conv"]["kernel"]
    conv = nn.Conv(4, (3, 3), use_bias=False).apply({"params": {"kernel": kernel}}, images)
    statistics = recalibrated["batch_stats"]["stem"]["norm"]
    np.testing.assert_allclose(statistics["mean"], conv.mean((0, 1, 2)), atol=1e-5)
    np.testing.assert_allclose(statistics["var"], conv.var((0, 1, 2)), rtol=1e-4)
    network = nets.Network(spec)
    train = jax.jit(functools.partial(network.apply, train=True, mutable=["batch_stats"]))
    by_batch, _ = train(variables, images)
    np.testing.assert_allclose(
        jax.jit(network.apply)(recalibrated, images), by_batch, rtol=1e-3, atol=1e-3
    )


def test_reestimated_statistics_of_two_batches_are_pooled() -> None:
    spec, variables = made(*MEMBERS[0])
    network = nets.Network(spec)
    parts = [jax.random.normal(jax.random.key(i), (8, *IMAGE)) + 2 * i for i in range(2)]
    halves = surgery.recalibrate_batch_norm(network, variables, parts)["batch_stats"]["stem"][
        "norm"
    ]
    whole = surgery.recalibrate_batch_norm(network, variables, [jnp.concatenate(parts)])
    for name in ("mean", "var"):
        np.testing.assert_allclose(
            halves[name], whole["batch_stats"]["stem"]["norm"][name], rtol=1e-3, atol=1e-5
        )


def test_a_variance_without_a_mean_is_one_by_itself() -> None:
    net = nets.build(arch.ModuleSpec(module="user_modules:ScaledBySquares", num_classes=3))
    variables = nets.init(net, jax.random.key(0), IMAGE)
    parts = [jax.random.normal(jax.random.key(i), (8, *IMAGE)) + i for i in range(2)]
    statistics = surgery.recalibrate_batch_norm(net, variables, parts)["batch_stats"]
    squares = jnp.mean(jnp.concatenate(parts).reshape(16, -1) ** 2, axis=0)
    np.testing.assert_allclose(statistics["var"], squares, rtol=1e-3)
    assert statistics["calls"] == 0  # which no step mixes


def test_without_batch_statistics_nothing_is_reestimated() -> None:
    spec, variables = made(*MEMBERS[1])
    assert surgery.recalibrate_batch_norm(nets.Network(spec), variables, []) is variables
    normed, statistics = made(*MEMBERS[0])
    with pytest.raises(ValueError, match="no images"):
        surgery.recalibrate_batch_norm(nets.Network(normed), statistics, [])


def test_silence_touches_only_the_last_layer_of_the_branch() -> None:
    spec, variables = made(*MEMBERS[0])
    silenced = surgery.zero_blocks(spec, variables, ["stage1/block02"])
    old = traverse_util.flatten_dict(variables["params"], sep="/")
    new = traverse_util.flatten_dict(silenced["params"], sep="/")
    assert {path for path in old if new[path] is not old[path]} == {
        "stage1/block02/norm2/scale",
        "stage1/block02/norm2/bias",
    }
