"""A streamed set whose labels nobody knows beforehand: its classes are counted by the runs."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from depthstudy import plan, store, study
from depthstudy.config import StudyConfig, apply
from depthstudy.evidence.panel import measure
from depthstudy.study.facts import split_labels
from depthstudy.study.facts.collect import collect
from depthstudy.study.facts.runs import StudyRuns
from depthstudy.study.facts.yardsticks import baselines, image_counts

SOURCE = """
import dataclasses
import numpy as np
from depthstudy import data


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class Uneven(data.Source):
    split_names = ("train", "test")

    def split(self, name):
        return Drawn(100 if name == "train" else 40)


class Drawn(data.Examples):
    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def read(self, rows):
        return [(np.full((8, 8, 1), 2 * row, np.uint8), int(row % 10 == 9)) for row in rows]


def open_source(config):
    return Uneven(name="uneven", image_shape=(8, 8, 1), class_names=("usual", "rare"))
"""
STUDY = apply(
    StudyConfig(),
    (
        ("name", "streamed"),
        ("seeds", 2),
        ("model.depth", 8),
        ("model.width", 4),
        ("train.steps", 4),
        ("train.batch_size", 8),
        ("train.evaluations", 2),
        ("train.eval_train_examples", 30),
        ("data.name", "uneven_images:open_source"),
        ("data.stream", True),
        ("data.workers", 0),
    ),
)


@pytest.mark.slow
def test_the_largest_class_is_known_when_runs_have_seen_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "uneven_images.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "uneven_images", raising=False)
    result = study.run(STUDY, tmp_path / "work")
    prepared, (variant,) = plan.prepare(STUDY)
    assert not variant.dataset.test.knows_labels
    runs = StudyRuns(prepared, [variant], tmp_path / "work")
    labels = split_labels.of(runs, variant)
    assert variant.dataset.validation is not None
    truth = variant.dataset.validation.labels  # which reads the split
    np.testing.assert_array_equal(labels["validation"], truth)
    np.testing.assert_array_equal(labels["test"], np.arange(40) % 10 == 9)
    assert len(labels["train"]) == 30

    assert pd.read_csv(tmp_path / "work" / store.SUMMARY)["majority_error"].tolist() == (
        pytest.approx([0.1, 0.1])
    )
    known = baselines([variant], {variant.name: labels}, "error")
    assert known["test_error"] == {variant.name: pytest.approx(0.1)}
    assert known["validation_error"] == {variant.name: pytest.approx(truth.mean())}
    assert known["balanced_error"] == {variant.name: 0.5}
    # 36 and 4 images tell as much of a mean over two classes as 4 / (1/36 + 1/4) = 14.4 even ones.
    assert image_counts([variant], {variant.name: labels}, "balanced_error")["test_error"] == {
        variant.name: 14
    }

    (info,) = store.read_data(tmp_path / "work")
    assert info == result.data[0]
    by_name = {split.name: split for split in info.splits}
    assert by_name["test"].counts == (36, 4)
    assert by_name["test"].majority_error == pytest.approx(0.1)
    assert sum(by_name["validation"].counts) == by_name["validation"].images == 20
    assert by_name["train"].counts == ()  # of which only 30 of 80 were evaluated

    counted_alike = dataclasses.replace(STUDY, metric="balanced_error")
    balanced, (variant,) = plan.prepare(counted_alike)
    material = collect(StudyRuns(balanced, [variant], tmp_path / "work"))
    assert list(material.summary["majority_error"]) == [0.5, 0.5]
    panel = measure(material.summary, "test_error", **material.counted)
    arm = panel.arms[variant.name]
    assert panel.scope([variant.name]) == "images like these"
    assert (arm.answered, arm.images) == (40, 14)
    assert arm.wrong is not None
    of_each = [arm.wrong[:, labels["test"] == label].mean(axis=1) for label in (0, 1)]
    np.testing.assert_allclose(arm.values, np.mean(of_each, axis=0))

    arm = measure(material.summary, "validation_error", validated=material.validated).arms[
        variant.name
    ]
    assert arm.wrong is not None
    assert arm.answered == 20
    by_class = [arm.wrong[:, truth == label].mean(axis=1) for label in np.unique(truth)]
    np.testing.assert_allclose(arm.values, np.mean(by_class, axis=0))
