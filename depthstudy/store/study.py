"""The files that a study writes next to its runs, or an analysis in a folder of its own."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np

from depthstudy import records
from depthstudy.config import present_name
from depthstudy.errors import DamagedError
from depthstudy.store.arrays_file import read_arrays, write_arrays
from depthstudy.store.files import (
    hashes,
    read_earlier_json,
    read_json,
    read_table,
    remove,
    require_whole,
    write_json,
    write_table,
)

DATA = "data.csv"
DATA_INFO = "data.json"
DATA_SHEET = "data_{}.png"  # a picture of the images of a set, numbered from 1
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
CLASS_ERRORS = "class_errors.csv"
CONFUSION = "confusion.csv"
FLIPS = "flips.csv"
MISTAKES = "mistakes.csv"
MISTAKE_IMAGES = "mistakes"
PARTIAL = "partial"  # what a study that is still running has found
SEARCH = "search.csv"
SCORES = "scores.csv"
IMPORTANCE = "importance.csv"
PROGRESS = "progress.csv"
REPORT = "report.html"
FIGURES = "figures"
ANALYSIS = "analysis.csv"
ANALYSIS_PAGE = "analysis.html"
PREDICTIONS = "predictions.csv"
_SCENES = "test_images.npz"
_ANSWER = "answer.json"
_INFO = "study.json"
_ANALYSIS_INFO = "analysis.json"
_SEARCH_INFO = "search.json"
# What a study says: of each kind of finding the name of its table, and what a row of it is.
FINDINGS: Mapping[str, tuple[str, type]] = {
    "means": (MEANS, records.Mean),
    "verdicts": (VERDICTS, records.Verdict),
    "decomposition": (DECOMPOSITION, records.Decomposition),
    "pareto": (PARETO, records.ParetoPoint),
    "tuned_verdicts": ("verdicts_own_settings.csv", records.Verdict),
    "robustness": ("robustness.csv", records.Robustness),
    "tuning": (TUNING, records.TrialRow),
    "expected_best": ("expected_best.csv", records.ExpectedBest),
    "budget": ("budget.csv", records.BudgetRow),
    "class_errors": (CLASS_ERRORS, records.ClassError),
    "confusion": (CONFUSION, records.Confusion),
    "flips": (FLIPS, records.Flips),
    "mistakes": (MISTAKES, records.Mistake),
    "pruning": (PRUNING, records.PrunedNet),
    "gains": (GAINS, records.Gain),
    "attribution": (ATTRIBUTION, records.Attribution),
    "matched": (MATCHED, records.MatchedGap),
}
_TABLES = (RECORDS, SUMMARY, RECOMMENDATION, _ANSWER, *(name for name, _ in FINDINGS.values()))
_STUDY_AGAIN = "run the command of the study again (finished runs are not trained again)"


@dataclasses.dataclass(frozen=True)
class _Sets:
    """The content of ``data.json``."""

    sets: tuple[records.DataInfo, ...]


def write_info(workdir: Path, info: records.StudyInfo) -> None:
    """Writes ``study.json``, with hashes of the tables beside it. Call it last."""
    sealed = dataclasses.replace(info, files=hashes(workdir, _TABLES))
    write_json(workdir / _INFO, dataclasses.asdict(sealed))


def read_info(workdir: Path) -> records.StudyInfo | None:
    """Reads ``study.json``; ``None`` where no study was finished.

    Raises:
      DamagedError: It, or a table that it knows of, is not as it was written.
    """
    with _made_again(_STUDY_AGAIN):
        info = read_json(workdir / _INFO, records.StudyInfo)
        _require_whole(workdir, info)
    return info


def read_earlier_info(workdir: Path) -> records.StudyInfo | None:
    """Reads ``study.json`` where it is about to be written again; ``None`` where it is damaged."""
    then = "it is written again, with the times of this call alone"
    return read_earlier_json(workdir / _INFO, records.StudyInfo, then)


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


def write_scenes(workdir: Path, images: np.ndarray, class_names: Sequence[str]) -> None:
    """Writes the first test images of a study of detectors, and the names of classes."""
    names = np.array(list(class_names), np.str_)
    write_arrays(workdir / _SCENES, {"images": images, "class_names": names})


def read_scenes(workdir: Path) -> tuple[np.ndarray, tuple[str, ...]] | None:
    """Reads what ``write_scenes`` wrote, or ``None``."""
    with _made_again(_STUDY_AGAIN):
        arrays = read_arrays(workdir / _SCENES)
    return (arrays["images"], tuple(arrays["class_names"].tolist())) if arrays else None


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


def write_search_info(workdir: Path, info: records.SearchInfo) -> None:
    """Writes ``search.json``."""
    write_json(workdir / _SEARCH_INFO, dataclasses.asdict(info))


def read_search_info(workdir: Path) -> records.SearchInfo | None:
    """Reads ``search.json``; ``None`` where nothing was searched."""
    return read_json(workdir / _SEARCH_INFO, records.SearchInfo)


def write_data(
    workdir: Path, files: Sequence[records.DataFile], infos: Sequence[records.DataInfo]
) -> None:
    """Writes ``data.csv`` where images are files of the user's, and ``data.json``."""
    if files:
        table = records.frame(records.DataFile, files)
        write_table(workdir / DATA, table.astype({"height": "Int64", "width": "Int64"}))
    else:
        remove(workdir / DATA)
    write_data_info(workdir, infos)


def write_data_info(workdir: Path, infos: Sequence[records.DataInfo]) -> None:
    """Writes ``data.json``."""
    write_json(workdir / DATA_INFO, {"sets": [dataclasses.asdict(info) for info in infos]})


def read_data(workdir: Path) -> tuple[records.DataInfo, ...]:
    """Reads ``data.json``; nothing where an earlier version wrote the study."""
    with _made_again(_STUDY_AGAIN):
        stored = read_json(workdir / DATA_INFO, _Sets)
    return () if stored is None else stored.sets


def find_data(folder: Path) -> list[records.DataFile]:
    """Reads ``data.csv`` of the study that a run is of; nothing where there is none."""
    for parent in folder.absolute().parents:
        if (parent / DATA).exists():
            table = read_table(parent / DATA, records.DataFile)
            table = table.astype(object).where(table.notna(), None)
            return msgspec.convert(table.to_dict("records"), list[records.DataFile], strict=False)
        if (parent / _INFO).exists():
            break
    return []


def write_recommendation(workdir: Path, recommendation: records.Recommendation | None) -> None:
    """Writes ``recommendation.json``; with nothing to recommend, there is none."""
    if recommendation is None:
        remove(workdir / RECOMMENDATION)
    else:
        write_json(workdir / RECOMMENDATION, dataclasses.asdict(recommendation))


def read_recommendation(workdir: Path) -> records.Recommendation | None:
    """Reads ``recommendation.json``; ``None`` where there is nothing to recommend."""
    return read_json(workdir / RECOMMENDATION, records.Recommendation)


def write_answer(workdir: Path, answer: records.Answer | None) -> None:
    """Writes ``answer.json``; with no group of several depths, there is none."""
    if answer is None:
        remove(workdir / _ANSWER)
    else:
        write_json(workdir / _ANSWER, dataclasses.asdict(answer))


def read_answer(workdir: Path) -> records.Answer | None:
    """Reads ``answer.json``; ``None`` where there is no such answer."""
    return read_json(workdir / _ANSWER, records.Answer)
