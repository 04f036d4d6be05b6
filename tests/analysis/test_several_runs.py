"""Runs side by side: each is compared with the first by numbers of its own."""

from __future__ import annotations

import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from made_analysis import described

from depthstudy import probes
from depthstudy.analysis import runs
from depthstudy.analysis.opening import Analyzed
from depthstudy.errors import InputError
from depthstudy.report.analysis import similarity
from depthstudy.report.tables import read_analysis


def opened(variant: str, study: str, cka: float) -> Analyzed:
    """Returns a run whose blocks are so much like those of the first."""
    dataset = types.SimpleNamespace(image_shape=(8, 8, 1))
    probe_input: Any = types.SimpleNamespace(dataset=dataset, cka=cka)
    return Analyzed(described(variant, study=study), probe_input)


def alike(first: Any, other: Any) -> Iterator[probes.Measurement]:
    yield probes.Measurement("stage1/block01 ~ stage1/block01", "cross_cka", other.cka)


@pytest.mark.parametrize("first", [("resnet", "one"), ("plain", "same")])
@pytest.mark.parametrize("studies", [("two", "three"), ("same", "same")])
def test_runs_of_one_name_are_not_taken_for_each_other(
    first: tuple[str, str],
    studies: tuple[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(probes, "measure", lambda *_: ())
    monkeypatch.setattr(probes, "measure_between", alike)
    others = [opened("plain", study, cka) for study, cka in zip(studies, (0.25, 0.75), strict=True)]
    runs.measure([opened(*first, 1.0), *others], tmp_path, names=["cka"], command="")
    panels = similarity.similarity_panels(read_analysis(tmp_path))
    assert [cell["v"] for panel in panels for cell in panel.values] == [0.25, 0.75]


@pytest.mark.parametrize("name", ["mobilenet_v2.pth", "seed0/result.json"])
def test_a_file_in_the_place_of_a_run_is_said_to_hold_none(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.touch()
    with pytest.raises(InputError, match=rf"{name} holds no run; a run folder is as "):
        runs.analyze([path], path / "analysis")
