"""A finished study as a value, and reading it from its tables."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from depthstudy import records, store
from depthstudy.errors import InputError
from depthstudy.report.tables.rows import read_rows, rows_of
from depthstudy.report.tables.search import Search
from depthstudy.report.tables.search import read as read_search
from depthstudy.report.tables.words import with_words

_KINDS = {
    store.RECORDS: records.Record,
    store.SUMMARY: records.Summary,
    store.DECOMPOSITION: records.Decomposition,
    store.VERDICTS: records.Verdict,
    store.MEANS: records.Mean,
    store.PARETO: records.ParetoPoint,
    store.PRUNING: records.PrunedNet,
    store.GAINS: records.Gain,
}
_NEW = (store.MEANS, store.PARETO, store.PRUNING, store.GAINS)  # since version 0.2


@dataclasses.dataclass(frozen=True, eq=False)
class Found:
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
    found: Found | None = None
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
        """Whether there are several seeds, so that there are intervals."""
        return self.info.seeds > 1


def read_study(workdir: Path) -> Study:
    """Reads the study in ``workdir``.

    Raises:
      InputError: A file of a finished study is missing; those on treatments and on matched gaps
        may be.
    """
    info = store.read_info(workdir)
    if info is None:
        raise InputError(f"{workdir} holds no finished study: study.json is missing")
    try:
        frames = {name: store.read_table(workdir / name, kind) for name, kind in _KINDS.items()}
    except FileNotFoundError as error:
        missing = Path(error.filename).name
        if missing in _NEW:
            raise InputError(
                f"{workdir} was written by an earlier version, {missing} is missing: run the same "
                "command again (finished runs are not trained again)"
            ) from error
        raise InputError(f"{workdir} holds no finished study: {missing} is missing") from error
    names = {variant.name for variant in info.variants}
    for name in (store.RECORDS, store.SUMMARY):  # nets that only stand in pools are left out
        frames[name] = frames[name][frames[name]["variant"].isin(names)].reset_index(drop=True)
    rows = {name: tuple(rows_of(frames[name], kind)) for name, kind in _KINDS.items()
            if kind not in (records.Record, records.Summary)}  # fmt: skip
    data = store.read_data(workdir)
    study = Study(
        info=info,
        measurements=frames[store.RECORDS],
        summary=frames[store.SUMMARY],
        means={(row.variant, row.metric): row for row in rows[store.MEANS]},
        decomposition=rows[store.DECOMPOSITION],
        verdicts=rows[store.VERDICTS],
        attribution=tuple(read_rows(workdir / store.ATTRIBUTION, records.Attribution)),
        recommendation=store.read_recommendation(workdir),
        pareto=rows[store.PARETO],
        pruning=rows[store.PRUNING],
        gains=rows[store.GAINS],
        matched=tuple(read_rows(workdir / store.MATCHED, records.MatchedGap)),
        tuning=tuple(read_rows(workdir / store.TUNING, records.TrialRow)),
        budget=tuple(read_rows(workdir / store.BUDGET, records.BudgetRow)),
        robustness=tuple(read_rows(workdir / store.ROBUSTNESS, records.Robustness)),
        tuned_verdicts=tuple(read_rows(workdir / store.TUNED_VERDICTS, records.Verdict)),
        expected_best=tuple(read_rows(workdir / store.EXPECTED_BEST, records.ExpectedBest)),
        class_errors=tuple(read_rows(workdir / store.CLASS_ERRORS, records.ClassError)),
        confusion=tuple(read_rows(workdir / store.CONFUSION, records.Confusion)),
        flips=tuple(read_rows(workdir / store.FLIPS, records.Flips)),
        mistakes=tuple(read_rows(workdir / store.MISTAKES, records.Mistake)),
        answer=store.read_answer(workdir),
        folder=workdir,
        data=data,
        sheets={info.sheet: (workdir / info.sheet).read_bytes() for info in data if info.sheet},
        search=read_search(workdir),
        found=_found(workdir, info),
    )
    own = records.own_words(info.config)
    worded = with_words(study, own)
    folders = {records.in_words(v.name, own): v.same_as or v.name for v in info.variants}
    return dataclasses.replace(worded, folders=folders)


def _found(workdir: Path, info: records.StudyInfo) -> Found | None:
    stored = store.read_scenes(workdir)
    if stored is None:
        return None
    shown = {
        variant.name: store.RunStore.of(workdir, variant.same_as or variant.name, 0).read_answers()
        for variant in info.variants
    }
    shown = {name: arrays for name, arrays in shown.items() if "detections" in arrays}
    if not shown:
        return None
    images, class_names = stored
    truths = next(iter(shown.values()))["truths"]
    return Found(images, class_names, truths, {name: x["detections"] for name, x in shown.items()})
