"""Reads what a search tried, and picks from it what its section shows."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from depthstudy import records, store
from depthstudy.records import SCALED, SearchedNet
from depthstudy.report.tables.rows import read_rows


@dataclasses.dataclass(frozen=True)
class Search:
    """What a search left behind."""

    info: records.SearchInfo
    nets: tuple[SearchedNet, ...]
    scores: tuple[records.ScoreRank, ...]
    importance: tuple[records.GeneImportance, ...]
    progress: tuple[records.SearchProgress, ...]

    @property
    def searched(self) -> list[SearchedNet]:
        """The nets that were searched, scaled families left out."""
        return [net for net in self.nets if net.method != SCALED]


def read(workdir: Path) -> Search | None:
    """Reads what a search in ``workdir`` tried; ``None`` where there was none."""
    info = store.read_search_info(workdir)
    if info is None:
        return None
    kinds = {
        store.SEARCH: SearchedNet,
        store.SCORES: records.ScoreRank,
        store.IMPORTANCE: records.GeneImportance,
        store.PROGRESS: records.SearchProgress,
    }
    return Search(info, *(tuple(read_rows(workdir / name, kind)) for name, kind in kinds.items()))
