"""Adds seeds to what hypotheses compare until each is decided, or there are as many as may be."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence

from depthstudy.evidence import findings, metrics
from depthstudy.evidence.claims import looks
from depthstudy.execute import Job, Session
from depthstudy.plan import Variant, see_untreated, settings_of
from depthstudy.study.facts.collect import collect
from depthstudy.study.facts.looks import looks_of
from depthstudy.study.facts.runs import StudyRuns


def settle(session: Session, runs: StudyRuns) -> list[Variant]:
    """Trains more seeds, and returns the variants with as many as they have then.

    A hypothesis on what a probe measures asks for none, as ``config.probe_seeds`` says how many
    runs are measured.

    Args:
      session: Trains them.
      runs: The runs of the study, of which the first seeds are done.
    """
    hypotheses = see_untreated(runs.study.hypotheses)
    planned, current = looks_of(runs), list(runs.variants)
    for seeds in list(planned)[1:]:
        judged = findings.judge(collect(runs.of(current)), hypotheses, planned)
        asking = [h for h in hypotheses if metrics.is_trained(h.metric)]
        still_open = looks.undecided(asking, {row.hypothesis: row for row in judged})
        names = _with_origins(looks.compared(still_open, settings_of(current)), current)
        if not names:
            break
        current = [
            dataclasses.replace(variant, seeds=seeds) if variant.name in names else variant
            for variant in current
        ]
        session.train(
            [
                Job(variant, tuple(range(seeds)))
                for variant in current
                if variant.name in names and not variant.info.same_as
            ]
        )
    return current


def _with_origins(names: Collection[str], variants: Sequence[Variant]) -> set[str]:
    """Returns names with those of the variants whose runs they have, or start from."""
    known = {variant.name: variant for variant in variants}
    origins = set(names)
    for name in names:
        origins |= {known[name].runs, known[known[name].runs].info.dense} - {""}
    return origins
