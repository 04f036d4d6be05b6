"""Weights from elsewhere: what the net says, which probes apply, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import jax
import numpy as np
import pytest
from torch_reference import torch_shapes

from depthstudy import analysis, arch, data, nets, probes, records, store
from depthstudy.analysis import weights
from depthstudy.errors import InputError

OPTIONS = {"width_multiplier": 0.1, "depth_multiplier": 0.5}
CLASSES = 7


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A thin MobileNetV2 of seven classes, drawn at random."""
    spec = arch.build("mobilenet_v2", num_classes=CLASSES, **OPTIONS)
    random = np.random.default_rng(3)
    state = {}
    for name, shape in torch_shapes(spec).items():
        scale = (2 / np.prod(shape[1:])) ** 0.5 if len(shape) > 1 else 0.1
        drawn = scale * random.standard_normal(shape)
        kept = name.endswith("running_var") or (len(shape) == 1 and name.endswith("weight"))
        state[name] = (np.abs(1 + drawn) if kept else drawn).astype(np.float32)
    path = tmp_path_factory.mktemp("weights") / "thin.safetensors"
    save(path, state)
    return path


def save(path: Path, state: dict[str, np.ndarray]) -> None:
    header, start = {}, 0
    for name, array in state.items():
        stop = start + array.nbytes
        header[name] = {"dtype": "F32", "shape": array.shape, "data_offsets": [start, stop]}
        start = stop
    text = json.dumps(header).encode()
    body = b"".join(array.tobytes() for array in state.values())
    path.write_bytes(len(text).to_bytes(8, "little") + text + body)


@pytest.fixture(scope="module")
def out(file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("analysis")
    analysis.analyze_weights(
        file,
        "mobilenet_v2",
        folder,
        options=OPTIONS,
        pictures=analysis.Pictures(image_size=32),
        names=["generalization", "gradients", "deletion", "rank", "field"],
    )
    return folder


def test_what_needs_labels_does_not_apply(out: Path) -> None:
    table = store.read_table(out / store.ANALYSIS, records.Record)
    for probe in ("generalization", "gradients", "deletion"):
        metrics = table.loc[table["probe"] == probe, "metric"].tolist()
        assert metrics == ["not_applicable: the images have no labels"]
    saturations = table.loc[table["metric"] == "saturation", "value"]
    assert len(saturations) == 11  # blocks of MobileNetV2 at half its depth
    assert saturations.between(0, 1).all()
    assert (table["probe"] == "field").any()


def test_every_probe_that_reads_labels_says_so() -> None:
    """Of a data set whose labels are made up, no probe may speak that would read them."""
    unasked = {name for name, probe in probes.PROBES.items() if not probe.labels}
    assert unasked == {"shattering", "isometry", "cka", "rank", "density", "field"}


def test_the_analysis_says_what_was_looked_at(out: Path) -> None:
    info = store.read_analysis_info(out)
    assert info is not None
    (run,) = info.runs
    assert run.images == (
        "scikit-learn’s photographs china.jpg and flower.jpg, whole and in 30 overlapping crops"
    )
    assert run.study == "thin.safetensors"
    assert run.variant == "mobilenet_v2, width_multiplier=0.1, depth_multiplier=0.5"
    assert run.image_shape == (32, 32, 3)


def test_guesses_are_the_softmax_of_the_net(file: Path, out: Path) -> None:
    predictions = store.read_table(out / store.PREDICTIONS, records.Prediction)
    assert predictions["image"].tolist() == ["china.jpg"] * 5 + ["flower.jpg"] * 5
    net = weights.load(file, "mobilenet_v2", OPTIONS)
    spec, variables = net.spec, net.variables
    assert spec.head.num_classes == CLASSES
    pictures = [picture for picture in data.photographs() if picture.whole]
    moments = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    images = data.as_dataset(pictures, 32, ("",) * CLASSES, moments).train.read(np.arange(2)).images
    scaled = (images / 255 - moments[0]) / np.array(moments[1])
    logits = jax.jit(nets.Network(spec).apply)(variables, scaled)
    expected = np.asarray(jax.nn.softmax(logits))
    for row, (_, rows) in zip(expected, predictions.groupby("image"), strict=True):
        assert rows["number"].tolist() == np.argsort(-row)[:5].tolist()
        np.testing.assert_allclose(rows["probability"], np.sort(row)[:-6:-1], rtol=1e-3)


def test_names_of_classes_come_from_a_file(file: Path, tmp_path: Path) -> None:
    path = tmp_path / "classes.txt"
    path.write_text("\n".join("abcdefg") + "\n")
    pictures = analysis.Pictures(classes=path, image_size=16)
    given = {"options": OPTIONS, "names": ["field"], "pictures": pictures}
    analysis.analyze_weights(file, "mobilenet_v2", tmp_path, **given)
    predictions = store.read_table(tmp_path / store.PREDICTIONS, records.Prediction)
    assert predictions["name"].tolist() == ["abcdefg"[number] for number in predictions["number"]]
    path.write_text("a\nb\n")
    with pytest.raises(InputError, match="has 2 lines; the net has 7 classes"):
        analysis.analyze_weights(file, "mobilenet_v2", tmp_path, **given)


@pytest.mark.parametrize(
    ("family", "options", "message"),
    [
        ("mobilenet_v2", {}, r"thin.safetensors: these are not .* of this mobilenet_v2: \d+ miss"),
        ("resnet", {"depth": 18}, r"missing \(conv1.weight, ...\), .* unexpected \(features.0.0"),
        ("mobilenet_v2", {"widht": 1}, "takes no option 'widht'; allowed: width_mul"),
        ("mobilenet_v2", {"width_multiplier": "wide"}, "config.model.width_multiplier: expected"),
        ("mobilenet_v2", {"depth": 5}, "takes no option 'depth'"),
        ("mobilenet_v2", {"num_classes": 5}, "num_classes is not to be set"),
        ("mobilnet_v2", {}, "no family 'mobilnet_v2'; did you mean mobilenet_v2"),
        ("mobilenet_v1", {}, "no torchvision names of weights are known for mobilenet_v1"),
    ],
)
def test_other_nets_are_refused(file: Path, family: str, options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        weights.load(file, family, options)


def test_options_are_parsed() -> None:
    texts = ["variant=lite0", "width_multiplier=1.0", "depth=50", "residual=false"]
    expected = {"variant": "lite0", "width_multiplier": 1.0, "depth": 50, "residual": False}
    assert analysis.parse_options(texts) == expected
    for text in ("width", "=1", "width="):
        with pytest.raises(InputError, match="is not NAME=VALUE"):
            analysis.parse_options([text])
