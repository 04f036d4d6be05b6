"""The peer is the same net: with our weights it gives our logits and our gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from depthstudy import arch, nets

torch = pytest.importorskip("torch")

MEMBERS = [
    ("resnet", {"depth": 20, "layout": "cifar", "width": 4}),
    ("resnet", {"depth": 18, "padding": "same"}),
    ("preact_resnet", {"depth": 20, "layout": "cifar", "width": 4}),
    ("resnext", {"depth": 50, "layout": "small", "width": 8, "groups": 4}),
    ("se_resnet", {"depth": 20, "layout": "cifar", "width": 8}),
    ("vgg", {"depth": 11}),
    ("vgg", {"depth": 11, "norm": "none"}),
    ("mobilenet_v2", {"layout": "small", "width_multiplier": 0.35}),
    ("mobilenet_v3", {"variant": "small"}),
    ("shufflenet_v1", {"layout": "small"}),
    ("shufflenet_v1", {"padding": "same"}),
    ("shufflenet_v2", {"layout": "small", "width_multiplier": 0.5}),
    ("efficientnet", {"variant": "b0", "padding": "same"}),
    ("convnext", {"variant": "atto", "layer_scale": 0.5, "depth_multiplier": 0.5}),
    ("convnext", {"variant": "atto", "layer_scale": 0.5, "layout": "small", "norm": "batch"}),
    ("densenet", {"depth": 22, "layout": "cifar"}),
    ("regnet", {"layout": "small", "depth_multiplier": 0.5}),
    ("resnet_d", {"depth": 18, "width": 8}),
    ("resnet", {"depth": 14, "layout": "cifar", "norm": "group"}),
]

# With larger ones the logits hardly follow the image, with smaller ones they follow the rounding.
STATISTICS = {"mean": (-0.1, 0.1), "var": (0.5, 1.0)}


@pytest.mark.parametrize(("family", "options"), MEMBERS)
def test_logits_are_ours(family: str, options: dict) -> None:
    from depthstudy.bench.torch_side import net as torch_net

    spec = arch.build(family, num_classes=7, **options)
    network = nets.Network(spec)
    variables = nets.init(network, jax.random.key(0), (32, 32, 3))
    random = np.random.default_rng(0)
    stats = jax.tree.map_with_path(
        lambda path, x: jnp.asarray(random.uniform(*STATISTICS[path[-1].key], x.shape), x.dtype),
        variables.get("batch_stats", {}),
    )
    variables = {"params": variables["params"], "batch_stats": stats}
    images = random.standard_normal((3, 32, 32, 3), np.float32)
    theirs = torch_net.TorchNet(spec, (32, 32, 3)).eval()
    torch_net.load(theirs, variables)
    with torch.no_grad():
        logits = theirs(torch.from_numpy(images).permute(0, 3, 1, 2)).numpy()
    ours = network.apply(variables, images)
    np.testing.assert_allclose(logits, ours, atol=1e-4 * np.abs(ours).max())
    assert np.ptp(ours, axis=0).max() > 1e-3 * np.abs(ours).max()


def test_a_train_step_has_our_gradients_though_it_overwrites() -> None:
    from depthstudy.bench.torch_side import net as torch_net

    spec = arch.build("preact_resnet", depth=8, layout="cifar", width=4, num_classes=7)
    network = nets.Network(spec)
    variables = nets.init(network, jax.random.key(0), (8, 8, 3))
    images = np.random.default_rng(0).standard_normal((6, 8, 8, 3), np.float32)
    theirs = torch_net.TorchNet(spec, (8, 8, 3))
    torch_net.load(theirs, variables)
    theirs(torch.from_numpy(images).permute(0, 3, 1, 2)).square().sum().backward()

    def loss(params: dict) -> jax.Array:
        full = {**variables, "params": params}
        logits, _ = network.apply(full, images, train=True, mutable=["batch_stats"])
        return jnp.sum(logits**2)

    ours = jax.grad(loss)(variables["params"])["stem"]["conv"]["kernel"]
    gradient = (
        dict(theirs.named_parameters())["stem/conv.weight"].grad.numpy().transpose(2, 3, 1, 0)
    )
    np.testing.assert_allclose(gradient, ours, atol=1e-4 * np.abs(ours).max())


def test_load_refuses_another_net() -> None:
    from depthstudy.bench.torch_side import net as torch_net

    spec = arch.build("resnet", depth=8, layout="cifar", width=4, num_classes=7)
    variables = nets.init(nets.Network(spec), jax.random.key(0), (8, 8, 3))
    deeper = arch.build("resnet", depth=14, layout="cifar", width=4, num_classes=7)
    with pytest.raises(RuntimeError, match="stage1/block02"):
        torch_net.load(torch_net.TorchNet(deeper, (8, 8, 3)), variables)
