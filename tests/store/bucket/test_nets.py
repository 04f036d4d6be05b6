"""Nets in a bucket: loaded, used, exported and measured as from a folder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
from image_folders import mixed_animals
from trained_nets import write_run

import depthstudy
from depthstudy import analysis, arch, deploy, report, store
from depthstudy.deploy.export import export
from depthstudy.store import bucket
from depthstudy.store.bucket.connection import Bucket


def _run(url: str, folder: Path) -> tuple[deploy.TrainedNet, str]:
    """Returns a net that was drawn, and the address of its run."""
    spec = arch.build("plain", depth=8, layout="cifar", width=4, num_classes=3)
    run = write_run(folder, spec, ("cat", "dog", "owl"), (8, 8, 1))
    with bucket.work_in(url) as workdir:
        for path in sorted(run.rglob("*")):
            if path.is_file():
                place = workdir / "runs/net/seed0" / path.relative_to(run)
                store.write_bytes(place, path.read_bytes())
    return deploy.load(run), f"{url}/runs/net/seed0"


def test_a_net_is_used_and_exported(url: str, tmp_path: Path) -> None:
    expected, run = _run(url, tmp_path)
    net = depthstudy.load(run)
    images = np.arange(64, dtype=np.uint8).reshape(1, 8, 8, 1)
    np.testing.assert_array_equal(net.logits(images), expected.logits(images))
    assert repr(net).endswith(f"{run})")
    Bucket(url).upload(mixed_animals(tmp_path) / "owl/00.png", "images/owl/00.png")
    predictions = net.predict(f"{url}/images")
    assert predictions.images == (f"{url}/images/owl/00.png",)
    assert predictions.error() in (0.0, 1.0)
    (written,) = export(net, bucket.write_to(bucket.joined(run, "export")), ["safetensors"])
    bucket.finish()
    assert bucket.shown(written.path) == f"{run}/export/net.safetensors"
    assert {"export/net.safetensors", "export/net.json"} < Bucket(run).entries().keys()


def test_what_was_exported_before_stays_named(url: str, tmp_path: Path) -> None:
    net, run = _run(url, tmp_path)
    place, remote = bucket.joined(run, "export"), Bucket(f"{run}/export")

    def named(written: str) -> set[str]:
        export(net, bucket.write_to(place), [written])
        bucket.finish()
        return set(json.loads(remote.read("net.json") or b"")["files"])

    assert named("stablehlo") == {"net.stablehlo"}
    assert named("safetensors") == {"net.stablehlo", "net.safetensors"}
    remote.remove(["net.stablehlo"])
    assert named("safetensors") == {"net.safetensors"}


def test_weights_are_measured(url: str, tmp_path: Path) -> None:
    net, _ = _run(url, tmp_path)
    export(net, bucket.write_to(url), ["safetensors"])
    bucket.finish()
    images = mixed_animals(tmp_path)
    for path in images.rglob("*.png"):
        Bucket(url).upload(path, f"images/{path.relative_to(images).as_posix()}")
    info = analysis.analyze_weights(
        f"{url}/net.safetensors",
        None,
        f"{url}/analysis",
        pictures=analysis.Pictures(images=f"{url}/images", image_size=8),
        names=["field"],
    )
    assert info.runs[0].folder == f"{url}/net.safetensors"
    assert f"images of the folder {url}/images" in info.runs[0].images
    page = report.write_analysis(f"{url}/analysis")
    assert bucket.shown(page) == f"{url}/analysis/analysis.html"
    names = Bucket(url).entries()
    assert {"analysis/analysis.html", "analysis/analysis.json"} < names.keys()
    content = Bucket(url).read("analysis/predictions.csv")
    assert content is not None
    (tmp_path / "predictions.csv").write_bytes(content)
    assert len(pd.read_csv(tmp_path / "predictions.csv")) == 3 * 32
