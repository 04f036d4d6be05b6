"""A user's own Flax module as a net: its cost, its parts, and what is said where it fails."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import user_modules

from depthstudy import arch, nets
from depthstudy.errors import InputError
from depthstudy.nets import surgery
from depthstudy.nets.user_module import products

SHAPE = (8, 8, 1)


def spec(name: str, **options: object) -> arch.ModuleSpec:
    return arch.ModuleSpec(
        module=f"user_modules:{name}", options=tuple(options.items()), num_classes=10
    )


@pytest.mark.parametrize(
    "value", [spec("NormedNet", depth=3), spec("BareNet", widths=[4, 6]), spec("BareNet")]
)
def test_a_value_survives_json(value: arch.ModuleSpec) -> None:
    assert arch.spec_from_json(value.to_json()) == value
    assert hash(arch.spec_from_json(value.to_json())) == hash(value)


def test_both_kinds_of_values_are_read() -> None:
    plain = arch.build("plain", depth=8, layout="cifar")
    assert arch.spec_from_json(plain.to_json()) == plain
    with pytest.raises(ValueError, match="not a module"):
        arch.spec_from_json('{"module": "a:B"}')


def test_the_order_of_options_does_not_matter() -> None:
    assert spec("NormedNet", depth=3, filters=4) == spec("NormedNet", filters=4, depth=3)


def test_cost_is_counted_by_hand() -> None:
    """Two convolutions of stride 2 and a dense layer on 8 x 8."""
    cost = nets.cost(spec("BareNet"), SHAPE)
    macs = 4 * 4 * 9 * 1 * 4 + 2 * 2 * 9 * 4 * 6 + 24 * 10
    parameters = 9 * 4 + 4 + 9 * 4 * 6 + 6 + 24 * 10 + 10
    assert (cost.macs, cost.parameters) == (macs, parameters)
    assert (cost.activations, cost.depth) == (4 * 4 * 4 + 2 * 2 * 6 + 10, 3)
    assert cost.receptive_field is None


def test_depth_is_the_option_or_the_longest_path() -> None:
    assert nets.cost(spec("NormedNet", depth=3), SHAPE).depth == 3
    assert nets.cost(spec("NormedNet"), SHAPE).depth == 1 + 2 * 2 + 1


def test_counting_agrees_with_an_architecture_value() -> None:
    """A plain net written in Flax shows in its trace what the value of the same net says."""
    value = arch.build("plain", depth=8, layout="cifar", width=4)

    class Same(nn.Module):
        @nn.compact
        def __call__(self, x: jax.Array) -> jax.Array:
            for width, stride in ((4, 1), (4, 1), (4, 1), (8, 2), (8, 1), (16, 2), (16, 1)):
                x = nn.Conv(width, (3, 3), stride, padding=1, use_bias=False)(x)
            return nn.Dense(10)(jnp.mean(x, axis=(1, 2)))

    module, images = Same(), jnp.zeros((1, *SHAPE))
    variables = jax.eval_shape(module.init, jax.random.key(0), images)
    counted, depth = products.count(jax.make_jaxpr(module.apply)(variables, images))
    expected = arch.cost(value, SHAPE)
    assert (counted.macs, counted.outputs) == (expected.macs, expected.activations)
    assert depth == expected.depth


def test_parts_stand_in_the_order_of_their_calls() -> None:
    net = nets.build(spec("NormedNet", depth=2))
    assert net.block_names(SHAPE) == ("first", "ResidualBlock_0", "ResidualBlock_1", "last")
    depths = net.layer_depths(SHAPE)
    assert [depths[name] for name in net.block_names(SHAPE)] == [1, 3, 5, 6]
    assert depths["ResidualBlock_1/Conv_0"] == 4


def test_a_wrapper_is_no_block() -> None:
    names = nets.build(spec("BareNet")).block_names(SHAPE)
    assert names == ("body/layers_0", "body/layers_1", "body/layers_3")


def test_outputs_are_those_of_the_module_itself() -> None:
    net = nets.build(spec("NormedNet"))
    variables = nets.init(net, jax.random.key(0), SHAPE)
    images = jax.random.normal(jax.random.key(1), (3, *SHAPE))
    module = user_modules.NormedNet(num_classes=10)
    expected = module.apply(variables, images, train=False)
    logits, outputs = nets.outputs(net, variables, images)
    np.testing.assert_array_equal(logits, expected)
    np.testing.assert_array_equal(outputs["last"], expected)
    assert set(net.layer_depths(SHAPE)) == set(outputs) - {""}


def test_the_type_of_the_compute_is_told_to_the_class() -> None:
    net = nets.build(spec("NormedNet"), jnp.bfloat16)
    net.check(SHAPE)
    variables = nets.init(net, jax.random.key(0), SHAPE)
    assert {x.dtype.name for x in jax.tree.leaves(variables)} == {"float32"}
    logits, outputs = nets.outputs(net, variables, jnp.ones((1, *SHAPE)))
    assert logits.dtype == jnp.float32
    assert outputs["ResidualBlock_0"].dtype == jnp.bfloat16


def test_a_class_without_a_type_has_to_follow_its_images() -> None:
    nets.build(spec("DroppingNet", rate=0.5), jnp.float16).check(SHAPE)
    with pytest.raises(InputError, match="BareNet does not compute in float16"):
        nets.build(spec("BareNet"), jnp.float16).check(SHAPE)


def test_the_deterministic_net_drops_nothing() -> None:
    net = nets.build(spec("DroppingNet", rate=0.5))
    variables = nets.init(net, jax.random.key(0), SHAPE)
    images = jax.random.normal(jax.random.key(1), (3, *SHAPE))
    still = net.apply(variables, images)
    np.testing.assert_array_equal(net.deterministic.apply(variables, images, train=True), still)
    dropped = net.apply(variables, images, train=True, rngs={"dropout": jax.random.key(2)})
    assert not np.allclose(dropped, still)


def test_batch_statistics_are_recalibrated_whatever_the_momentum() -> None:
    """The first norm's statistics are the moments of what its convolution gives out."""
    net = nets.build(spec("NormedNet", depth=1))
    variables = nets.init(net, jax.random.key(0), SHAPE)
    images = 3 + jax.random.normal(jax.random.key(1), (16, *SHAPE))
    recalibrated = surgery.recalibrate_batch_norm(net, variables, [images[:8], images[8:]])
    _, outputs = nets.outputs(net, variables, images)
    before = np.asarray(outputs["ResidualBlock_0/Conv_0"])
    statistics = recalibrated["batch_stats"]["ResidualBlock_0"]["BatchNorm_0"]
    np.testing.assert_allclose(statistics["mean"], before.mean((0, 1, 2)), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(statistics["var"], before.var((0, 1, 2)), rtol=1e-3)


LINE = inspect.getsourcelines(user_modules.Raising)[1] + 5


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("WrongShape", {}, r"returns \[2, 11\] for 2 images; wanted are logits \[2, 10\]"),
        ("Raising", {}, rf"user_modules\.py:{LINE}: TypeError: dot_general "),
        ("Counting", {}, "keeps counts; allowed: params, batch_stats"),
        ("HalfParameters", {}, "parameter Dense_0/bias is bfloat16; allowed: float32"),
        ("PairOfNumbers", {}, "parameter pair/.* is no array; allowed: an array a name"),
        ("NoTrain", {}, r"takes no 'train' \(.*user_modules\.py:\d+\)$"),
        ("NormdNet", {}, "no class 'NormdNet' .*did you mean NormedNet"),
        ("NormedNet", {"dept": 3}, "takes no option 'dept'; did you mean depth.*allowed: depth, f"),
        ("DroppingNet", {}, "needs the option 'rate'"),
        ("nn", {}, "not a flax.linen.Module"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(name: str, options: dict, message: str) -> None:
    with pytest.raises(InputError) as caught:
        nets.cost(spec(name, **options), SHAPE)
    assert re.search(message, str(caught.value))
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"user_modules:{name}")


@pytest.mark.parametrize(
    ("module", "message"),
    [
        ("no_such.place:Net", "no module 'no_such' on Python's path"),
        ("user_modules", "not as 'package.module:Class'"),
        ("user_modules:", "not as 'package.module:Class'"),
    ],
)
def test_a_module_that_is_not_there(module: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        nets.build(arch.ModuleSpec(module=module, num_classes=10))


def test_what_the_program_sets_is_no_option() -> None:
    with pytest.raises(InputError, match="'num_classes' is set by the data"):
        spec("NormedNet", num_classes=3)


def test_a_broken_file_is_shown_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_net.py").write_text("import jax\n\nwidth = heigth\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(InputError, match=r"broken_net\.py:3: NameError: .*'heigth'"):
        nets.build(arch.ModuleSpec(module="broken_net:Net", num_classes=10))
