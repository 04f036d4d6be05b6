"""Blocks of the families do what their papers say: skips, gates, shuffles and what is random."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import traverse_util
from sampled import sampled

from depthstudy import arch, nets
from depthstudy.arch import layer_types as words
from depthstudy.arch import lowering
from depthstudy.nets.layers.stateless import apply_stateless

RESIDUAL = {
    "wide_resnet": {"depth": 16, "width_multiplier": 1, "num_classes": 3},
    "resnext": {"depth": 50, "width": 4, "groups": 2, "width_per_group": 2, "num_classes": 3},
    "se_resnet": {"depth": 14, "layout": "cifar", "width": 4, "reduction": 2, "num_classes": 3},
    "mobilenet_v2": {"width_multiplier": 0.25, "num_classes": 3},
    "mobilenet_v3": {"width_multiplier": 0.25, "variant": "small", "num_classes": 3},
    "shufflenet_v1": {"width_multiplier": 0.25, "num_classes": 3},
    "efficientnet": {
        "width_multiplier": 0.25,
        "num_classes": 3,
        "stochastic_depth": 0.5,
        "dropout": 0.0,
    },
    "efficientnet_lite": {"width_multiplier": 0.25, "num_classes": 3},
}


def small(family: str, **options: object) -> tuple[arch.ArchSpec, nets.Network, dict]:
    """Returns a net of a few channels and its variables, all of them random."""
    spec = arch.build(family, **{**RESIDUAL.get(family, {}), **options})
    network = nets.Network(spec)
    shapes = jax.eval_shape(lambda key: nets.init(network, key, (16, 16, 3)), jax.random.key(0))
    random = np.random.default_rng(0)
    variables = jax.tree.map(lambda x: random.uniform(0.1, 0.3, x.shape).astype(np.float32), shapes)
    return spec, network, variables


def named_outputs(network: nets.Network, variables: dict) -> dict:
    images = np.random.default_rng(1).standard_normal((2, 16, 16, 3), np.float32)
    return jax.jit(lambda v, x: nets.outputs(network, v, x, "st*")[1])(variables, images)


def last_named(branch: words.Layers) -> str:
    """Returns the last layer of a branch that can make it zero, which a gate cannot."""
    return [x.name for x in branch if isinstance(x, words.Conv | words.BatchNorm)][-1]


@pytest.mark.parametrize("family", sampled([*RESIDUAL], 3))
def test_with_a_zeroed_branch_a_block_is_its_shortcut(family: str) -> None:
    """The last layer of every branch that is added to an identity gets zeros."""
    spec, network, variables = small(family)
    identities = [s for s in lowering.sections(spec) if s.shortcut == ()]
    assert identities
    last = {(*s.path, last_named(s.branch)) for s in identities}
    flat = traverse_util.flatten_dict(variables["params"])
    silent = {path: 0 * x if path[:-1] in last else x for path, x in flat.items()}
    named = named_outputs(network, {**variables, "params": traverse_util.unflatten_dict(silent)})
    paths = ["/".join(s.path) for s in lowering.sections(spec)[:-1]]
    for before, section in zip(paths, lowering.sections(spec)[1:], strict=False):
        if section in identities:
            after = "/".join(section.path)
            np.testing.assert_array_equal(named[after], named[before], err_msg=after)


def test_shufflenet_v2_hands_half_of_the_channels_on() -> None:
    _, network, variables = small("shufflenet_v2", width_multiplier=0.5, layout="small")
    named = named_outputs(network, variables)
    before, after = named["stage1/block01"], named["stage1/block02"]
    # Dealt out in turn: the half that passed by is at the even places.
    np.testing.assert_array_equal(after[..., ::2], before[..., :24])
    assert not np.array_equal(after[..., 1::2], before[..., 24:])


def test_shufflenet_v1_puts_the_pooled_input_first() -> None:
    _, network, variables = small("shufflenet_v1", layout="small")
    named = named_outputs(network, variables)
    stem, first = np.asarray(named["stem"]), named["stage1/block01"]
    padded = np.pad(stem, [(0, 0), (1, 1), (1, 1), (0, 0)])
    mean = sum(padded[:, i : i + 15 : 2, j : j + 15 : 2] for i in range(3) for j in range(3)) / 9
    np.testing.assert_allclose(first[..., : stem.shape[-1]], mean, rtol=1e-5)


def test_gates_by_their_definition() -> None:
    spec, network, variables = small("efficientnet", layout="small")
    images = np.random.default_rng(1).standard_normal((2, 16, 16, 3), np.float32)
    named = jax.jit(
        lambda v, x: nets.outputs(network, v, x, "stage1/block01/*")[1],
        compiler_options={"xla_backend_optimization_level": 1},  # without, 2e-5 of rounding
    )(variables, images)
    gate = variables["params"]["stage1"]["block01"]["squeeze_excite"]
    x = np.asarray(named["stage1/block01/norm1"])
    x = x / (1 + np.exp(-x))
    inside = x.mean((1, 2)) @ gate["conv1"]["kernel"][0, 0] + gate["conv1"]["bias"]
    inside = inside / (1 + np.exp(-inside))
    opened = 1 / (1 + np.exp(-(inside @ gate["conv2"]["kernel"][0, 0] + gate["conv2"]["bias"])))
    gated = named["stage1/block01/squeeze_excite"]
    np.testing.assert_allclose(gated, x * opened[:, None, None], rtol=1e-5)
    assert spec.stages[0][0].squeeze == gate["conv1"]["kernel"].shape[-1]


def test_the_gate_of_an_se_resnet_is_its_branchs_end() -> None:
    """Hu et al. 2018, figure 3: the gate multiplies the branch before the shortcut is added."""
    _, network, variables = small("se_resnet")
    images = np.random.default_rng(1).standard_normal((2, 16, 16, 3), np.float32)
    named = jax.jit(lambda v, x: nets.outputs(network, v, x, "st*")[1])(variables, images)
    block = {name: np.asarray(named[f"stage1/block01{name}"]) for name in ("/norm2", "")}
    gate = variables["params"]["stage1"]["block01"]["squeeze_excite"]
    mean = block["/norm2"].mean((1, 2))
    inside = np.maximum(mean @ gate["conv1"]["kernel"][0, 0] + gate["conv1"]["bias"], 0)
    opened = 1 / (1 + np.exp(-(inside @ gate["conv2"]["kernel"][0, 0] + gate["conv2"]["bias"])))
    expected = np.maximum(named["stem"] + block["/norm2"] * opened[:, None, None], 0)
    np.testing.assert_allclose(block[""], expected, rtol=1e-5)


def test_a_shuffle_deals_the_channels_out() -> None:
    x = jnp.arange(6.0).reshape(1, 1, 1, 6)
    dealt = apply_stateless(words.ChannelShuffle(2), x)
    np.testing.assert_array_equal(dealt.ravel(), [0, 3, 1, 4, 2, 5])


@pytest.mark.parametrize(("size", "side"), [(7, 7), (14, 7), (5, 3), (1, 7), (2, 7)])
def test_adaptive_means_cover_the_image(size: int, side: int) -> None:
    x = np.random.default_rng(0).standard_normal((2, size, size, 3), np.float32)
    means = apply_stateless(words.AdaptiveMean(side), jnp.asarray(x))
    cuts = [(i * size // side, -(-(i + 1) * size // side)) for i in range(side)]
    expected = [[x[:, a:b, c:d].mean((1, 2)) for c, d in cuts] for a, b in cuts]
    np.testing.assert_allclose(means, np.transpose(expected, (2, 0, 1, 3)), atol=1e-6)


@pytest.mark.parametrize(
    ("family", "options"),
    [
        ("mobilenet_v2", {"layout": "small", "dropout": 0.5}),
        ("mobilenet_v2", {"layout": "small", "dropout": 0.0, "stochastic_depth": 0.5}),
        ("wide_resnet", {"dropout": 0.5}),
    ],
)
def test_training_draws_by_its_key_and_evaluation_does_not(family: str, options: dict) -> None:
    spec, network, variables = small(family, **options)
    variables = jax.tree.map(jnp.asarray, variables)
    assert spec.is_stochastic
    images = jax.random.normal(jax.random.key(1), (4, 16, 16, 3))

    @jax.jit
    def train(seed: int) -> jax.Array:
        rngs = {"dropout": jax.random.key(seed)}
        return network.apply(variables, images, train=True, mutable=["batch_stats"], rngs=rngs)[0]

    np.testing.assert_array_equal(train(1), train(1))
    assert not np.allclose(train(1), train(2))
    jax.eval_shape(network.apply, variables, images)  # needs no key
    with pytest.raises(Exception, match="dropout"):
        jax.eval_shape(
            lambda: network.apply(variables, images, train=True, mutable=["batch_stats"])
        )


def test_stochastic_depth_skips_a_branch_for_whole_images() -> None:
    """Of two blocks the second is skipped with half of the net's probability, the first never."""
    block = arch.BlockSpec(kind="preact_basic", filters=4, inner=4, norm="none")
    spec = arch.ArchSpec(
        family="preact_resnet",
        stem=arch.StemSpec(filters=4, norm="none"),
        stages=((block, block),),
        head=arch.HeadSpec(num_classes=2),
        stochastic_depth=0.5,
    )
    network, images = nets.Network(spec), jnp.ones((2000, 2, 2, 1))
    variables = nets.init(network, jax.random.key(0), (2, 2, 1))

    @functools.partial(jax.jit, static_argnums=0)
    def outputs(train: bool) -> tuple[jax.Array, jax.Array]:
        rngs = {"dropout": jax.random.key(1)} if train else None
        state = network.apply(
            variables, images, train=train, capture_intermediates=True, mutable=True, rngs=rngs
        )[1]
        stage = state["intermediates"]["stage1"]
        return stage["block01"]["__call__"][0], stage["block02"]["__call__"][0]

    (first, second), (first_trained, second_trained) = outputs(False), outputs(True)
    np.testing.assert_allclose(first_trained, first, rtol=1e-6)
    branch, trained = np.asarray(second - first), np.asarray(second_trained - first)
    kept = np.abs(trained).max((1, 2, 3)) > 1e-3
    # What is kept is scaled, so that its mean is that of evaluation.
    expected = np.where(kept[:, None, None, None], branch / 0.75, 0)
    np.testing.assert_allclose(trained, expected, atol=1e-5)
    assert kept.mean() == pytest.approx(0.75, abs=0.04)


def test_kernels_of_groups_start_with_their_own_fan_out() -> None:
    network = nets.Network(arch.build("mobilenet_v1", depth_multiplier=0.1, num_classes=3))
    variables = jax.jit(lambda key: nets.init(network, key, (8, 8, 3)))(jax.random.key(0))
    params = variables["params"]
    depthwise = params["stage5"]["block01"]["conv1"]["kernel"]
    assert depthwise.shape == (3, 3, 1, 512)
    assert np.std(depthwise) == pytest.approx(np.sqrt(2 / 9), rel=0.05)
    pointwise = params["stage5"]["block01"]["conv2"]["kernel"]
    assert np.std(pointwise) == pytest.approx(np.sqrt(2 / 1024), rel=0.05)


def test_skip_init_starts_as_its_shortcuts_and_can_leave_them() -> None:
    spec = arch.build("resnet", depth=14, layout="cifar", norm="none", skip_init=True)
    network = nets.Network(spec)
    variables = jax.jit(nets.init, static_argnums=(0, 2))(network, jax.random.key(0), (8, 8, 3))
    images = np.random.default_rng(1).standard_normal((2, 8, 8, 3), np.float32)

    @jax.jit
    def look(variables: dict) -> tuple:
        named = nets.outputs(network, variables, images, "st*")[1]
        total = lambda v: network.apply(v, images)[:, 0].sum()  # noqa: E731
        return named, jax.grad(total)(variables)["params"]

    named, slopes = look(variables)
    np.testing.assert_array_equal(named["stage1/block02"], named["stem"])
    halved = named["stage1/block02"][:, ::2, ::2]
    np.testing.assert_array_equal(named["stage2/block02"][..., :16], halved)
    block = slopes["stage1"]["block01"]
    assert block["skip_scale"]["scale"].shape == ()
    assert abs(block["skip_scale"]["scale"]) > 1e-4
    np.testing.assert_array_equal(block["conv1"]["kernel"], 0)  # until the factor leaves 0
