"""The peer of a detector learns the same: with its weights ours has its loss."""

import importlib.util

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from depthstudy import arch, bench, nets, tasks
from depthstudy.bench import benchmarks, synthetic
from depthstudy.data import objects
from depthstudy.errors import InputError

OPTIONS = (("variant", "d0"),)
WORK = benchmarks.Work("train", "efficientdet", OPTIONS, side=128, batch=2)


def test_scenes_have_objects_within_their_images() -> None:
    dataset = synthetic.scenes(side=64, examples=20)
    assert isinstance(tasks.of(dataset), tasks.Detection)
    labels = dataset.train.read(np.arange(20)).labels
    present = labels[..., objects.CLASS] >= 0
    assert set(present.sum(axis=1)) <= set(range(1, synthetic.OBJECTS + 1))
    boxes = labels[present][:, objects.BOX]
    assert boxes.min() >= 0
    assert boxes.max() <= 64
    assert (boxes[:, 2:] - boxes[:, :2]).min() >= 6.4 - 1e-3


@pytest.mark.filterwarnings("ignore")
def test_the_peer_has_our_loss() -> None:
    pytest.importorskip("effdet")
    from depthstudy.bench.torch_side import detector

    net, images, truths = detector.problem(WORK)
    spec = arch.build("efficientdet", **dict(OPTIONS), num_classes=synthetic.CLASSES).deterministic
    weights = {name: value.numpy() for name, value in net.model.state_dict().items()}
    variables = nets.load_torch(spec, weights)
    expected = float(net.train()(images, truths)["loss"])
    dataset = synthetic.scenes(WORK.side, WORK.batch)
    labels = jnp.asarray(dataset.train.read(np.arange(WORK.batch)).labels)

    @jax.jit
    def loss(pixels: jax.Array) -> jax.Array:
        outputs, _ = nets.Network(spec).apply(variables, pixels, True, mutable=["batch_stats"])
        return tasks.of(dataset).loss(outputs, labels).mean()

    assert float(loss(images.permute(0, 2, 3, 1).numpy())) == pytest.approx(expected, rel=1e-3)


def test_what_the_peer_needs_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "effdet" else find_spec("json")
    )
    with pytest.raises(InputError, match="effdet is not installed, which efficientdet_d0_128"):
        bench.run(["efficientdet_d0_128"], tmp_path, peer="torch", rounds=1, command="", tell=print)
