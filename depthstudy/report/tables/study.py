"""A finished study as a value, and reading it from its tables."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from depthstudy import records, store
from depthstudy.errors import InputError
from depthstudy.report.tables.rows import read_rows
from depthstudy.report.tables.search import Search
from depthstudy.report.tables.search import read as read_search
from depthstudy.report.tables.words import with_words

_LATER = (store.MEANS, store.PARETO, store.PRUNING, store.GAINS)  # which a study of before lacks
_NEEDED = (store.RECORDS, store.SUMMARY, store.VERDICTS, store.DECOMPOSITION, *_LATER)


@dataclasses.dataclass(frozen=True, eq=False)
class DetectedScenes:
    """What detectors find in the first test images.

    Attributes:
      images: The images, ``[n, H, W, C]``.
      class_names: Names of the classes.
      truths: Their objects, rows of box, class and more, ``[n, M, 7]``; those of class -1 are none.
      detections: By variant, of its first seed: rows of box, score and class, ``[n, D, 6]``.
    """

    images: np.ndarray
    class_names: tuple[str, ...]
    truths: np.ndarray
    detections: Mapping[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Study:
    """All that a finished study left behind; the tables have the columns of ``records``.

    Names of nets, groups and treatments are in words (``records.in_words``); ``folders`` has by
    name of a net where its runs lie, in ``runs/``.
    """

    info: records.StudyInfo
    measurements: pd.DataFrame
    summary: pd.DataFrame
    means: Mapping[tuple[str, str], records.Mean]
    decomposition: tuple[records.Decomposition, ...]
    verdicts: tuple[records.Verdict, ...]
    attribution: tuple[records.Attribution, ...]
    recommendation: records.Recommendation | None
    pareto: tuple[records.ParetoPoint, ...]
    pruning: tuple[records.PrunedNet, ...]
    gains: tuple[records.Gain, ...]
    matched: tuple[records.MatchedGap, ...] = ()
    tuning: tuple[records.TrialRow, ...] = ()
    budget: tuple[records.BudgetRow, ...] = ()
    robustness: tuple[records.Robustness, ...] = ()
    tuned_verdicts: tuple[records.Verdict, ...] = ()
    expected_best: tuple[records.ExpectedBest, ...] = ()
    class_errors: tuple[records.ClassError, ...] = ()
    confusion: tuple[records.Confusion, ...] = ()
    flips: tuple[records.Flips, ...] = ()
    mistakes: tuple[records.Mistake, ...] = ()
    answer: records.Answer | None = None
    folder: Path = Path()
    data: tuple[records.DataInfo, ...] = ()
    sheets: Mapping[str, bytes] = dataclasses.field(default_factory=dict)
    search: Search | None = None
    scenes: DetectedScenes | None = None
    folders: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def detects(self) -> bool:
        """Whether the nets are detectors, whose errors are one minus average precision."""
        return bool((self.measurements["metric"] == "test_ap50").any())

    @property
    def is_balanced(self) -> bool:
        """Whether errors are means over the classes of the error of each."""
        return self.info.config.get("metric") == "balanced_error"

    @property
    def has_seeds(self) -> bool:
        """Whether a variant has several runs, so that there are intervals."""
        shown = self.summary["variant"].isin([info.name for info in self.info.variants])
        return bool(self.summary.loc[shown, "variant"].duplicated().any())


def read_study(workdir: Path) -> Study:
    """Reads the study in ``workdir``.

    Raises:
      InputError: A file of a finished study is missing; those on treatments and on matched gaps
        may be.
    """
    info = store.read_info(workdir)
    if info is None:
        raise InputError(f"{workdir} holds no finished study: study.json is missing")
    _require(workdir)
    names = {variant.name for variant in info.variants}
    measurements, summary = (  # nets that only stand in pools are left out
        table[table["variant"].isin(names)].reset_index(drop=True)
        for table in (
            store.read_table(workdir / store.RECORDS, records.Record),
            store.read_table(workdir / store.SUMMARY, records.Summary),
        )
    )
    findings: dict[str, Any] = {
        field: tuple(read_rows(workdir / name, kind))
        for field, (name, kind) in store.FINDINGS.items()
    }
    findings["means"] = {(row.variant, row.metric): row for row in findings["means"]}
    data = store.read_data(workdir)
    study = Study(
        info=info,
        measurements=measurements,
        summary=summary,
        **findings,
        recommendation=store.read_recommendation(workdir),
        answer=store.read_answer(workdir),
        folder=workdir,
        data=data,
        sheets={info.sheet: (workdir / info.sheet).read_bytes() for info in data if info.sheet},
        search=read_search(workdir),
        scenes=_scenes(workdir, info),
    )
    own_label = records.own_words(info.config)
    worded = with_words(study, own_label)
    folders = {records.in_words(v.name, own_label): v.same_as or v.name for v in info.variants}
    return dataclasses.replace(worded, folders=folders)


def _require(workdir: Path) -> None:
    name = next((name for name in _NEEDED if not (workdir / name).exists()), None)
    if name in _LATER:
        raise InputError(
            f"{workdir} was written by an earlier version, {name} is missing: run the same "
            "command again (finished runs are not trained again)"
        )
    if name:
        raise InputError(f"{workdir} holds no finished study: {name} is missing")


def _scenes(workdir: Path, info: records.StudyInfo) -> DetectedScenes | None:
    stored = store.read_scenes(workdir)
    if stored is None:
        return None
    images, class_names = stored
    shown = {
        variant.name: store.RunStore.of(workdir, variant.same_as or variant.name, 0).read_answers()
        for variant in info.variants
        if tuple(variant.image_shape) == images.shape[1:]  # boxes are in pixels of these images
    }
    shown = {name: arrays for name, arrays in shown.items() if "detections" in arrays}
    if not shown:
        return None
    truths = next(iter(shown.values()))["truths"]
    return DetectedScenes(
        images, class_names, truths, {name: x["detections"] for name, x in shown.items()}
    )
