"""What is exported computes what the net computes, by the means of those who take it."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import jax
import numpy as np
import pytest
from safetensors import safe_open
from trained_nets import write_run

from depthstudy import arch, data, deploy, nets
from depthstudy.deploy.export import export
from depthstudy.deploy.export.formats import FORMATS
from depthstudy.deploy.export.write import compare
from depthstudy.errors import FailedError, InputError

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), np.uint8)


def made(folder: Path, family: str, **options: object) -> deploy.TrainedNet:
    spec = arch.build(family, num_classes=4, **options)
    return deploy.load(write_run(folder, spec, ("a", "b", "c", "d"), (32, 32, 3)))


def test_a_program_for_jax_takes_batches_of_any_size(
    net: deploy.TrainedNet, tmp_path: Path
) -> None:
    (written,) = export(net, tmp_path, ["stablehlo"])
    assert written.difference < 1e-5
    program = jax.export.deserialize(bytearray(written.path.read_bytes()))
    assert set(program.platforms) == {"cpu", "cuda", "rocm", "tpu"}
    images = np.random.default_rng(1).integers(0, 256, (7, 8, 8, 1), np.uint8)
    for count in (1, 2, 7):
        logits = program.call(images[:count])
        np.testing.assert_allclose(logits, net.logits(images[:count]), rtol=1e-4, atol=1e-5)
    about = json.loads((tmp_path / "net.json").read_text())
    assert about["classes"] == ["cat", "dog", "owl"]
    assert about["preprocessing"]["mean"] == [0.4]


@pytest.mark.parametrize(
    ("family", "options"),
    [
        ("vgg", {"depth": 11, "layout": "small", "width": 4}),
        pytest.param("mobilenet_v3", {"variant": "small"}, marks=pytest.mark.slow),
        pytest.param("shufflenet_v1", {"width_multiplier": 0.25}, marks=pytest.mark.slow),
        ("preact_resnet", {"depth": 8, "layout": "cifar", "width": 4}),
        ("resnet", {"depth": 8, "layout": "cifar", "width": 4, "norm": "group"}),
        ("resnet", {"depth": 8, "layout": "cifar", "width": 4, "skip_init": True}),
        ("wide_resnet", {"depth": 10, "width_multiplier": 1}),
    ],
)
@pytest.mark.parametrize("name", ["stablehlo", "safetensors"])
def test_every_kind_of_net_is_exported(
    family: str, options: dict, name: str, tmp_path: Path
) -> None:
    net = made(tmp_path, family, **options)
    assert compare(net, name, FORMATS[name].encode(net)) < 1e-5


def test_what_was_exported_before_stays_named(net: deploy.TrainedNet, tmp_path: Path) -> None:
    def named() -> set[str]:
        return set(json.loads((tmp_path / "net.json").read_text())["files"])

    export(net, tmp_path, ["stablehlo"])
    export(net, tmp_path, ["safetensors"])
    assert named() == {"net.stablehlo", "net.safetensors"}
    later = dataclasses.replace(net, step=net.step + 1)
    export(later, tmp_path, ["safetensors"])
    assert named() == {"net.safetensors"}  # the other file is of another net
    (tmp_path / "net.safetensors").unlink()
    export(later, tmp_path, ["stablehlo"])
    assert named() == {"net.stablehlo"}


def test_a_net_is_the_same_by_its_weights_wherever_its_run_lies(
    net: deploy.TrainedNet, tmp_path: Path
) -> None:
    path = tmp_path / "net.json"

    def named() -> set[str]:
        return set(json.loads(path.read_text())["files"])

    export(net, tmp_path, ["stablehlo"])
    moved = dataclasses.replace(net, folder=Path("elsewhere"))
    export(moved, tmp_path, ["safetensors"])
    assert named() == {"net.stablehlo", "net.safetensors"}
    assert json.loads(path.read_text())["run"] == "elsewhere"
    doubled = jax.tree.map(lambda x: 2 * x, net.variables)
    export(dataclasses.replace(net, variables=doubled), tmp_path, ["safetensors"])
    assert named() == {"net.safetensors"}  # it was trained again in the same folder
    without = {k: v for k, v in json.loads(path.read_text()).items() if "sha256" not in k}
    path.write_text(json.dumps(without))  # as of a version that did not know the weights
    export(dataclasses.replace(net, variables=doubled), tmp_path, ["stablehlo"])
    assert named() == {"net.stablehlo"}


def test_detectors_are_refused_before_anything_is_encoded(tmp_path: Path) -> None:
    spec = arch.build("detector", depth=8, layout="cifar", width=4, channels=8, num_classes=2)
    network = nets.build(spec)
    stored = data.Preprocessing((32, 32, 1), (0.5,), (0.5,))
    detector = deploy.TrainedNet(network, {}, stored, ("a", "b"), tmp_path, 1)
    for name in FORMATS:
        with pytest.raises(InputError, match="is a detector, which has no logits"):
            export(detector, tmp_path / "out", [name])
    assert not (tmp_path / "out").exists()


def test_an_export_that_computes_something_else_is_not_written(
    net: deploy.TrainedNet, tmp_path: Path
) -> None:
    other = FORMATS["stablehlo"].encode(made(tmp_path / "other", "plain", depth=8, layout="cifar"))
    with pytest.raises(Exception, match=r"shape|differs"):
        compare(net, "stablehlo", other)
    wrong = {name: x * 1.01 for name, x in net.variables["params"]["head"]["dense"].items()}
    params = {**net.variables["params"], "head": {"dense": wrong}}
    changed = deploy.TrainedNet(
        net.network, {**net.variables, "params": params}, net.preprocessing, net.classes,
        net.folder, net.step,
    )  # fmt: skip
    content = FORMATS["safetensors"].encode(changed)
    with pytest.raises(FailedError, match=r"safetensors export .* differs by 0\.01"):
        compare(net, "safetensors", content)
    with pytest.raises(InputError, match=r"no format 'onxx'; did you mean onnx\?"):
        export(net, tmp_path / "out", ["stablehlo", "onxx"])
    with pytest.raises(InputError, match=r"no format is named; allowed: stablehlo, safetensors"):
        export(net, tmp_path / "out", [])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("family", "options", "name"),
    [("resnet", {"depth": 18}, "resnet18"), ("mobilenet_v2", {}, "mobilenet_v2")],
)
def test_torchvision_takes_the_weights_and_gives_the_same_logits(
    family: str, options: dict, name: str, tmp_path: Path
) -> None:
    torch = pytest.importorskip("torch")
    torchvision = pytest.importorskip("torchvision")
    from safetensors.torch import load_file

    net = made(tmp_path, family, **options)
    (written,) = export(net, tmp_path / "out", ["safetensors"])
    assert f"torchvision.models.{name}(num_classes=4)" in written.use
    theirs = getattr(torchvision.models, name)(num_classes=4).eval()
    theirs.load_state_dict(load_file(written.path))  # strict: no name is missing
    with safe_open(written.path, "np") as file:
        stored = json.loads(file.metadata()["preprocessing"])
    mean, std = (np.array(stored[key], np.float32) for key in ("mean", "std"))
    normalized = (IMAGES.astype(np.float32) / 255 - mean) / std
    with torch.no_grad():
        logits = theirs(torch.from_numpy(normalized.transpose(0, 3, 1, 2).copy())).numpy()
    expected = np.asarray(net.logits(IMAGES))
    assert np.abs(logits - expected).max() / np.abs(expected).max() < 1e-4


@pytest.mark.slow
@pytest.mark.parametrize(
    ("family", "options"),
    [("resnet", {"depth": 8, "layout": "cifar"}), ("shufflenet_v2", {"width_multiplier": 0.5})],
)
def test_onnx_runtime_gives_the_same_logits(family: str, options: dict, tmp_path: Path) -> None:
    pytest.importorskip("jax2onnx")
    runtime = pytest.importorskip("onnxruntime")
    net = made(tmp_path, family, **options)
    (written,) = export(net, tmp_path / "out", ["onnx"])
    session = runtime.InferenceSession(written.path, providers=["CPUExecutionProvider"])
    (logits,) = session.run(None, {"images": IMAGES.astype(np.float32)})
    np.testing.assert_allclose(logits, net.logits(IMAGES), rtol=1e-3, atol=1e-3)
