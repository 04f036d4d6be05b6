"""The files that a study writes next to its runs, or an analysis in a folder of its own."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

from absl import logging

from depthstudy import records
from depthstudy.config import present_name
from depthstudy.errors import DamagedError
from depthstudy.store.files import hashes, read_json, require_whole, write_json

RECORDS = "records.csv"
SUMMARY = "summary.csv"
DECOMPOSITION = "decomposition.csv"
MATCHED = "matched.csv"
MEANS = "means.csv"
PARETO = "pareto.csv"
PRUNING = "pruning.csv"
GAINS = "gains.csv"
ATTRIBUTION = "attribution.csv"
RECOMMENDATION = "recommendation.json"
VERDICTS = "verdicts.csv"
TUNING = "tuning.csv"
BUDGET = "budget.csv"
ROBUSTNESS = "robustness.csv"
REPORT = "report.html"
FIGURES = "figures"
ANALYSIS = "analysis.csv"
ANALYSIS_PAGE = "analysis.html"
PREDICTIONS = "predictions.csv"
_INFO = "study.json"
_ANALYSIS_INFO = "analysis.json"
_TABLES = (
    RECORDS,
    SUMMARY,
    DECOMPOSITION,
    MATCHED,
    MEANS,
    PARETO,
    PRUNING,
    GAINS,
    ATTRIBUTION,
    RECOMMENDATION,
    VERDICTS,
    TUNING,
    BUDGET,
    ROBUSTNESS,
)
_NOT_TRAINED = " (finished runs are not trained again)"


def write_info(workdir: Path, info: records.StudyInfo) -> None:
    """Writes ``study.json``, with hashes of the tables beside it. Call it last."""
    sealed = dataclasses.replace(info, files=hashes(workdir, _TABLES))
    write_json(workdir / _INFO, dataclasses.asdict(sealed))


def read_info(workdir: Path) -> records.StudyInfo | None:
    """Reads ``study.json``; ``None`` where no study was finished.

    Raises:
      DamagedError: It, or a table that it knows of, is not as it was written.
    """
    with _made_again(f"run the command of the study again{_NOT_TRAINED}"):
        info = read_json(workdir / _INFO, records.StudyInfo)
        _require_whole(workdir, info)
    return info


def read_earlier_info(workdir: Path) -> records.StudyInfo | None:
    """Reads ``study.json`` where it is about to be written again; ``None`` where it is damaged."""
    try:
        return read_json(workdir / _INFO, records.StudyInfo)
    except DamagedError as error:
        logging.warning("%s; it is written again, with the times of this call alone", error)
        return None


def _require_whole(folder: Path, info: records.StudyInfo | records.AnalysisInfo | None) -> None:
    """Checks the tables that are there; who needs one says that it is missing."""
    sums = info.files if info else {}
    require_whole(folder, {name: x for name, x in sums.items() if (folder / name).exists()})


@contextlib.contextmanager
def _made_again(hint: str) -> Iterator[None]:
    try:
        yield
    except DamagedError as error:
        raise DamagedError(f"{error}; {hint}") from error


def write_analysis_info(folder: Path, info: records.AnalysisInfo) -> None:
    """Writes ``analysis.json``, with hashes of the tables beside it. Call it last."""
    sealed = dataclasses.replace(info, files=hashes(folder, (ANALYSIS, PREDICTIONS)))
    write_json(folder / _ANALYSIS_INFO, dataclasses.asdict(sealed))


def read_analysis_info(folder: Path) -> records.AnalysisInfo | None:
    """Reads ``analysis.json``; ``None`` where nothing was analyzed."""
    with _made_again("run the analysis again"):
        info = read_json(folder / _ANALYSIS_INFO, records.AnalysisInfo)
        _require_whole(folder, info)
    if info is None:
        return None
    described = {present_name(name): line for name, line in info.probes.items()}
    return dataclasses.replace(info, probes=described)


def write_recommendation(workdir: Path, found: records.Recommendation | None) -> None:
    """Writes ``recommendation.json``; with nothing to recommend, there is none."""
    if found is None:
        (workdir / RECOMMENDATION).unlink(missing_ok=True)
    else:
        write_json(workdir / RECOMMENDATION, dataclasses.asdict(found))


def read_recommendation(workdir: Path) -> records.Recommendation | None:
    """Reads ``recommendation.json``; ``None`` where there is nothing to recommend."""
    return read_json(workdir / RECOMMENDATION, records.Recommendation)
