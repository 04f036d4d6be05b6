"""The files that a study writes next to its runs, or an analysis in a folder of its own."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from depthstudy import records
from depthstudy.config import present_name
from depthstudy.store.files import read_json, write_json

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
SEARCH = "search.csv"
SCORES = "scores.csv"
IMPORTANCE = "importance.csv"
PROGRESS = "progress.csv"
REPORT = "report.html"
FIGURES = "figures"
ANALYSIS = "analysis.csv"
ANALYSIS_PAGE = "analysis.html"
PREDICTIONS = "predictions.csv"
_INFO = "study.json"
_ANALYSIS_INFO = "analysis.json"
_SEARCH_INFO = "search.json"


def write_info(workdir: Path, info: records.StudyInfo) -> None:
    """Writes ``study.json``."""
    write_json(workdir / _INFO, dataclasses.asdict(info))


def read_info(workdir: Path) -> records.StudyInfo | None:
    """Reads ``study.json``; ``None`` where no study was finished."""
    return read_json(workdir / _INFO, records.StudyInfo)


def write_analysis_info(folder: Path, info: records.AnalysisInfo) -> None:
    """Writes ``analysis.json``."""
    write_json(folder / _ANALYSIS_INFO, dataclasses.asdict(info))


def read_analysis_info(folder: Path) -> records.AnalysisInfo | None:
    """Reads ``analysis.json``; ``None`` where nothing was analyzed."""
    info = read_json(folder / _ANALYSIS_INFO, records.AnalysisInfo)
    if info is None:
        return None
    described = {present_name(name): line for name, line in info.probes.items()}
    return dataclasses.replace(info, probes=described)


def write_search_info(workdir: Path, info: records.SearchInfo) -> None:
    """Writes ``search.json``."""
    write_json(workdir / _SEARCH_INFO, dataclasses.asdict(info))


def read_search_info(workdir: Path) -> records.SearchInfo | None:
    """Reads ``search.json``; ``None`` where nothing was searched."""
    return read_json(workdir / _SEARCH_INFO, records.SearchInfo)


def write_recommendation(workdir: Path, found: records.Recommendation | None) -> None:
    """Writes ``recommendation.json``; with nothing to recommend, there is none."""
    if found is None:
        (workdir / RECOMMENDATION).unlink(missing_ok=True)
    else:
        write_json(workdir / RECOMMENDATION, dataclasses.asdict(found))


def read_recommendation(workdir: Path) -> records.Recommendation | None:
    """Reads ``recommendation.json``; ``None`` where there is nothing to recommend."""
    return read_json(workdir / RECOMMENDATION, records.Recommendation)
