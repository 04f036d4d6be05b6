"""The looks of a study at its verdicts, those before in its folder with them."""

from __future__ import annotations

from depthstudy import store
from depthstudy.evidence.claims import looks
from depthstudy.evidence.panel import ALPHA, LEAST_SEEDS
from depthstudy.records import StudyInfo
from depthstudy.study.facts.runs import StudyRuns


def looks_of(runs: StudyRuns) -> looks.Looks:
    """Returns the looks of a study, those made before in its folder with it; none if it looks once.

    One that looked once, and decided nothing by three seeds, has spent the level of that look.
    """
    most = runs.study.seeds_until_settled
    if not most:
        return looks.ONCE
    return looks.planned(runs.study.seeds, most, _made(store.read_earlier_info(runs.workdir)))


def _made(info: StudyInfo | None) -> looks.Looks:
    if info is None or not info.config.get("hypotheses") or info.seeds < LEAST_SEEDS:
        return looks.ONCE
    most = info.config.get("seeds_until_settled")
    before = dict(info.looks) or (looks.planned(info.seeds, most) if most else {})
    return before or {info.seeds: ALPHA}
