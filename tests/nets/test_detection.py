"""Detectors against the package effdet, where it is installed, and by themselves."""

import importlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from depthstudy import arch, nets
from depthstudy.errors import InputError
from depthstudy.nets.detection import boxes
from depthstudy.nets.detection.modules import upsample


def _small(**options: object) -> arch.DetectorSpec:
    return arch.build("detector", depth=8, layout="cifar", width=8, channels=16, **options)


def _initial(net: nets.Net, shape: tuple[int, int, int]) -> nets.Variables:
    return jax.jit(lambda key: nets.init(net, key, shape))(jax.random.key(0))


@pytest.mark.filterwarnings("ignore")  # torch's own
@pytest.mark.parametrize(
    ("name", "options", "changes", "size"),
    [
        ("tf_efficientdet_d0", {}, {}, (128, 128)),
        ("tf_efficientdet_d0", {}, {}, (160, 136)),
        ("efficientdet_d0", {"padding": "torch"}, {}, (128, 200)),
        ("tf_efficientdet_d0", {"fusion": "sum"}, {"fpn_name": "bifpn_sum"}, (128, 96)),
    ],
)
def test_logits_and_boxes_are_those_of_effdet(
    name: str, options: dict, changes: dict, size: tuple[int, int]
) -> None:
    effdet, torch = pytest.importorskip("effdet"), pytest.importorskip("torch")
    config = effdet.get_efficientdet_config(name)
    config.update(num_classes=7, image_size=size, **changes)
    torch.manual_seed(0)
    reference = effdet.EfficientDet(config, pretrained_backbone=False).eval()
    with torch.no_grad():
        for module in reference.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.5, 1.5)
                module.weight.uniform_(0.5, 1.5)
                module.bias.normal_(0, 0.1)
        for key, parameter in reference.named_parameters():
            if key.endswith("edge_weights"):
                parameter.uniform_(-0.3, 2)
            if ".predict.conv_pw.weight" in key:
                parameter.normal_(0, 0.5)  # so that logits are not all the bias
        images = torch.randn(2, 3, *size)
        by_level = reference(images)
    weights = {key: value.numpy() for key, value in reference.state_dict().items()}
    spec = arch.build("efficientdet", variant="d0", num_classes=7, **options)
    assert nets.count_classes(spec, weights) == 7
    net = nets.Network(spec)
    variables = nets.load_torch(spec, weights)
    predictions = jax.jit(net.apply)(variables, images.permute(0, 2, 3, 1).numpy())
    for ours, theirs, count in zip(predictions[:2], by_level, (7, 4), strict=True):
        flat = [x.permute(0, 2, 3, 1).reshape(2, -1, count).numpy() for x in theirs]
        expected = np.concatenate(flat, axis=1)
        assert expected.std() > 0.1
        np.testing.assert_allclose(ours, expected, atol=1e-4)


def test_parameters_are_those_of_the_value() -> None:
    for spec in (_small(cells=2, residual_pyramid=True), _small(fusion="sum", max_level=6)):
        net = nets.build(spec)
        variables = jax.eval_shape(lambda net=net: nets.init(net, jax.random.key(0), (64, 64, 1)))
        count = sum(leaf.size for leaf in jax.tree.leaves(variables["params"]))
        assert count == arch.cost(spec, (64, 64, 1)).parameters


@pytest.mark.slow
def test_one_anchor_after_the_other() -> None:
    net = nets.build(_small(num_classes=5))
    variables = _initial(net, (64, 48, 1))
    classes, offsets, anchors = jax.jit(net.apply)(variables, jnp.zeros((2, 64, 48, 1)))
    count = 9 * (16 * 12 + 8 * 6 + 4 * 3)
    assert classes.shape == (2, count, 5)
    assert offsets.shape == (2, count, 4)
    assert anchors.shape == (count, 4)
    assert classes.mean() == pytest.approx(-np.log(99), abs=1e-3)  # 1% of objects at the start


def test_a_residual_cell_of_zeros_is_its_shortcut() -> None:
    spec = _small(cells=2, residual_pyramid=True)
    shorter = _small(cells=1)
    variables = _initial(nets.build(spec), (32, 32, 1))
    zeroed = jax.tree.map(lambda x: x, variables)
    for node in zeroed["params"]["pyramid"]["cell02"].values():
        node["norm"] = jax.tree.map(jnp.zeros_like, node["norm"])
    left = {name: dict(tree) for name, tree in variables.items()}
    for tree in left.values():
        tree["pyramid"] = {k: v for k, v in tree["pyramid"].items() if k != "cell02"}
    images = jax.random.normal(jax.random.key(2), (1, 32, 32, 1))
    whole = jax.jit(nets.build(spec).apply)(zeroed, images)
    without = jax.jit(nets.build(shorter).apply)(left, images)
    np.testing.assert_allclose(whole.boxes, without.boxes, atol=1e-6)


def test_upsampling_takes_the_floor() -> None:
    x = jnp.arange(2.0).reshape(1, 2, 1, 1)
    assert upsample(x, (3, 1)).ravel().tolist() == [0, 0, 1]
    assert upsample(x, (4, 2))[..., 0].tolist() == [[[0, 0], [0, 0], [1, 1], [1, 1]]]
    for count in (1, 2, 3, 5, 8, 13, 39):  # of a level above one that has half, rounded up
        size = -(-count // 2)
        expected = [i * size // count for i in range(count)]
        got = upsample(jnp.arange(float(size)).reshape(1, size, 1, 1), (count, 1))
        assert got.ravel().tolist() == expected


def test_weights_of_another_net_are_refused() -> None:
    with pytest.raises(InputError, match="those of efficientdet by effdet"):
        nets.load_torch(_small(), {"backbone.conv_stem.weight": np.zeros((8, 3, 3, 3))})
    spec = arch.build("efficientdet", variant="d0")
    with pytest.raises(InputError, match="missing"):
        nets.load_torch(spec, {"backbone.conv_stem.weight": np.zeros((32, 3, 3, 3))})


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("variant", "size"), [("d0", (512, 384)), ("d7", (256, 256))])
def test_anchors_are_those_of_effdet(variant: str, size: tuple[int, int]) -> None:
    effdet = pytest.importorskip("effdet")
    config = effdet.get_efficientdet_config(f"tf_efficientdet_{variant}")
    config.image_size = size
    expected = importlib.import_module("effdet.anchors").Anchors.from_config(config).boxes
    anchors = boxes.anchors(arch.build("efficientdet", variant=variant), size)
    np.testing.assert_allclose(anchors, expected.numpy(), atol=1e-4)


def test_boxes_come_back_from_their_offsets() -> None:
    anchors = boxes.anchors(_small(), (64, 64))
    shifted = jnp.asarray(anchors) * 1.1 + jnp.array([1.0, -2.0, 3.0, 4.0])
    offsets = boxes.encode(shifted, jnp.asarray(anchors))
    np.testing.assert_allclose(boxes.decode(offsets, jnp.asarray(anchors)), shifted, atol=1e-3)
    one, half = jnp.array([[0.0, 0, 2, 2]]), jnp.array([[0.0, 0, 2, 1], [5, 5, 6, 6]])
    assert boxes.overlaps(one, half).tolist() == [[0.5, 0.0]]
