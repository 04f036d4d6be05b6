"""Nets without a head, of one logit, of gray images, and images with labels."""

from __future__ import annotations

import pathlib

import numpy as np
import pandas as pd
import pytest
import torch_reference as reference
from PIL import Image
from safetensors.numpy import save_file

from depthstudy import analysis, arch, data, records, report, store
from depthstudy.analysis import foreign_net, image_labels
from depthstudy.errors import InputError

pytestmark = pytest.mark.slow

PROBES = ("generalization", "shattering", "isometry", "cka", "linear", "rank")


def weights(path: pathlib.Path, classes: int, channels: int = 3) -> pathlib.Path:
    """Writes a thin ResNet-8 for CIFAR-10 by torchvision's names."""
    spec = arch.build(
        "resnet", depth=8, layout="cifar", width=4, shortcut="B", num_classes=max(1, classes)
    )
    state = reference.random_state(reference.torch_shapes(spec), 0, 2.0)
    state["conv1.weight"] = np.ascontiguousarray(state["conv1.weight"][:, :channels])
    if not classes:
        state = {name: x for name, x in state.items() if not name.startswith("fc")}
    save_file(state, path)
    return path


def folder(path: pathlib.Path, names: tuple[str, ...], count: int) -> pathlib.Path:
    """Writes ``count`` images into each sub-folder."""
    random = np.random.default_rng(0)
    for number, name in enumerate(names):
        (path / name).mkdir(parents=True)
        for index in range(count):
            pixels = random.integers(0, 128, (12, 12, 3)) + 40 * number
            Image.fromarray(pixels.astype(np.uint8)).save(path / name / f"{index:02d}.png")
    return path


def measured(
    tmp_path: pathlib.Path, file: pathlib.Path, pictures: analysis.Pictures | None = None
) -> tuple[records.AnalysisRun, pd.DataFrame, pd.DataFrame]:
    out = tmp_path / "out"
    info = analysis.analyze_weights(file, None, out, pictures=pictures, names=PROBES)
    report.write_analysis(out)
    table = store.read_table(out / store.ANALYSIS, records.Record)
    return info.runs[0], table, store.read_table(out / store.PREDICTIONS, records.Prediction)


def refusals(table: pd.DataFrame) -> dict[str, str]:
    refused = table[table["metric"].str.startswith(records.NOT_APPLICABLE)]
    reasons = refused["metric"].str.removeprefix(records.NOT_APPLICABLE)
    return dict(zip(refused["probe"], reasons, strict=True))


def test_a_net_without_a_head_is_measured_on_its_features(tmp_path: pathlib.Path) -> None:
    run, table, predictions = measured(tmp_path, weights(tmp_path / "x.safetensors", 0))
    assert run.variant == "resnet, depth=8, layout=cifar, width=4, shortcut=B"
    assert run.image_shape == (32, 32, 3)
    assert "with no head, as torchvision names them" in run.caveats[0]
    assert "CIFAR-10’s" in run.caveats[1]
    refused = refusals(table)
    assert refused["shattering"] == "the net has no head, and this is about 1 or more"
    assert refused["isometry"] == "the net has no head, and this is about 2 or more"
    assert set(refused) == {"generalization", "shattering", "isometry", "linear"}
    assert predictions.empty


def test_one_logit_is_two_classes_and_no_isometry(tmp_path: pathlib.Path) -> None:
    _, table, predictions = measured(tmp_path, weights(tmp_path / "x.safetensors", 1))
    refused = refusals(table)
    assert refused["isometry"] == "the net has one logit, and this is about 2 or more"
    assert "shattering" not in refused
    assert set(predictions["number"]) == {0, 1}
    np.testing.assert_allclose(predictions.groupby("image")["probability"].sum(), 1, rtol=1e-5)


def test_gray_weights_see_gray_photographs(tmp_path: pathlib.Path) -> None:
    run, table, predictions = measured(tmp_path, weights(tmp_path / "x.safetensors", 10, 1))
    assert run.image_shape == (32, 32, 1)
    assert "in gray" in run.caveats[1]
    assert (table["probe"] == "rank").any()
    assert len(predictions) == 10


def test_other_channels_are_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match="the net takes images of 2 channels; allowed: 1, 3"):
        measured(tmp_path, weights(tmp_path / "x.safetensors", 10, 2))


def test_sub_folders_are_labels(tmp_path: pathlib.Path) -> None:
    images = folder(tmp_path / "images", ("0", "1", "2"), 16)
    pictures = analysis.Pictures(images=images, mean=(0.5,), std=(0.25, 0.25, 0.25))
    file = weights(tmp_path / "x.safetensors", 3)
    run, table, _ = measured(tmp_path, file, pictures)
    assert run.labeled
    assert refusals(table) == {}
    assert run.caveats[1] == (
        "Images are normalized by mean 0.5 0.5 0.5, deviation 0.25 0.25 0.25 (as --mean and --std "
        "say)."
    )
    errors = table[table["metric"].isin(["train_error", "test_error"])]["value"]
    assert errors.between(0, 1).all()
    assert len(errors) == 2
    page = (tmp_path / "out" / "analysis.html").read_text()
    assert "whose sub-folders are their labels" in page


@pytest.mark.parametrize(
    ("folders", "unseen", "names", "has_names", "expected"),
    [
        (("b", "a"), (), ["a", "b", "c"], True, [1, 0]),
        (("2", "0"), (), ["0", "1", "2"], False, [2, 0]),
        (("y", "x"), (), ["0", "1"], False, [1, 0]),
        (("z", "y"), ("x",), ["0", "1", "2"], False, [2, 1]),
        (("y", "x"), (), [], False, [1, 0]),
        (("", "x"), (), ["0", "1"], False, None),
        (("y", "x"), ("",), ["0", "1"], False, None),
    ],
)
def test_a_sub_folder_is_a_class(
    folders: tuple[str, ...],
    unseen: tuple[str, ...],
    names: list[str],
    has_names: bool,
    expected: list[int] | None,
) -> None:
    images = [data.UnlabeledImage(f"{f}/1.png" if f else "1.png", b"") for f in folders]
    every = [] if "" in folders + unseen else sorted(folders + unseen)
    assert image_labels.labels(images, every, names, has_names) == expected


def test_sub_folders_that_are_no_classes_are_refused() -> None:
    images = [data.UnlabeledImage("cats/1.png", b""), data.UnlabeledImage("dogs/1.png", b"")]
    with pytest.raises(InputError, match=r"\(cats, dogs, ...\) are no classes .* has 3 \(a, b, c"):
        image_labels.labels(images, ["cats", "dogs"], ["a", "b", "c"], True)


@pytest.mark.parametrize(
    ("pictures", "message"),
    [
        (analysis.Pictures(mean=(0.5, 0.5)), "--mean: 0.5, 0.5 are not 3 numbers of pixels in"),
        (analysis.Pictures(std=(0.0,)), "--std: 0.0, 0.0, 0.0 are not 3 .*, above 0; the default"),
        (analysis.Pictures(mean=(127.0,)), "--mean: 127.0, .* pixels in .0, 1.; the default is"),
    ],
)
def test_wrong_moments_are_refused(
    tmp_path: pathlib.Path, pictures: analysis.Pictures, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        measured(tmp_path, weights(tmp_path / "x.safetensors", 3), pictures)


def test_a_family_that_does_not_fit_names_those_that_do(tmp_path: pathlib.Path) -> None:
    file = weights(tmp_path / "x.safetensors", 3)
    with pytest.raises(InputError, match="; the file fits resnet, depth=8, layout=cifar, width=4"):
        foreign_net.load(file, "resnet", {"depth": 20, "layout": "cifar"})
    net = foreign_net.load(file, "resnet", {})
    assert (net.is_inferred, net.spec.head.num_classes) == (True, 3)
    with pytest.raises(InputError, match="no vgg has these names and shapes: 47 arrays, bn1"):
        foreign_net.load(file, "vgg", {})
