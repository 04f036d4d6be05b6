"""The seeds that would settle what a study leaves open."""

from __future__ import annotations

from collections.abc import Sequence

from depthstudy.config import Hypothesis
from depthstudy.evidence import metrics
from depthstudy.evidence.claims import looks
from depthstudy.evidence.findings import Findings
from depthstudy.evidence.panel import LEAST_SEEDS
from depthstudy.records import DepthAnswer, NextStep
from depthstudy.study.conclusions.past import Past

MOST_SEEDS = 50  # that are worth proposing
UNKNOWN = "not known yet"  # the word of an answer that is open
_AGAIN = (
    "; it looks again at the whole level, and decides wrongly in up to 10% of such studies (5% of "
    "those that had as many seeds from the start)"
)


def more_seeds(
    past: Past, findings: Findings, answer: DepthAnswer | None, hypotheses: Sequence[Hypothesis]
) -> NextStep | None:
    """Returns the command that adds the seeds which would settle what is open.

    Args:
      past: How the study was run.
      findings: What it says.
      answer: An answer to whether to go deeper, whose nets are to have more seeds, too.
      hypotheses: What it asks.

    Returns:
      The command, with the level that it decides at where that is not the study's; ``None`` where
      no number of seeds that is worth proposing would settle it.
    """
    if past.study.pools:
        return _more_members(findings)
    trained = {h.name for h in hypotheses if metrics.is_trained(h.metric)}
    inconclusive = [
        v for v in findings.verdicts if v.verdict == "inconclusive" and v.hypothesis in trained
    ]
    planned = past.study.seeds  # of which a metric may lack some, as the time of runs that diverged
    still_open = {
        v.hypothesis: _affordable(v.seeds_to_settle, v.seeds_high, max(v.seeds, planned))
        for v in inconclusive
        if v.seeds_to_settle
    }
    counts = [v.seeds for v in inconclusive]
    counts += [answer.seeds] if answer is not None and answer.word == UNKNOWN else []
    few = planned < LEAST_SEEDS and any(seeds < LEAST_SEEDS for seeds in counts)
    wanted = [*still_open.values(), *([LEAST_SEEDS] if few else [])]
    names = looks.compared([h for h in hypotheses if h.name in still_open], past.settings)
    if answer is not None and answer.seeds_needed:
        wanted.append(_affordable(answer.seeds_needed, None, answer.seeds))
        names |= {answer.deepest, answer.against}
    if not any(wanted):
        return None
    most = max(*wanted, LEAST_SEEDS)
    before = past.summary.groupby("variant").size().to_dict()
    added = {name: max(0, most - int(before.get(name, 0))) for name in names}
    by_looks = bool(still_open)
    if not by_looks and inconclusive:
        undecided = {v.hypothesis for v in inconclusive}
        asked = [h for h in hypotheses if h.name in undecided]
        by_looks = names <= looks.compared(asked, past.settings)
    looks_again = bool(inconclusive or past.study.seeds_until_settled)
    flags = _flags(most, by_looks=by_looks, looks_again=looks_again)
    if "seeds" in flags:
        counts_by_name = {str(name): int(count) for name, count in before.items()}
        added = {n: max(0, most - count) for n, count in counts_by_name.items() if past.can_grow(n)}
    again = "" if by_looks or few else _AGAIN
    reason = (
        f"Train more seeds, {most} at most, to settle what is open{again}."
        if most > LEAST_SEEDS or not few
        else f"Train {most} seeds: with fewer nothing is decided."
    )
    return NextStep(
        reason=reason,
        command=past.with_flags(**flags),
        seconds=past.seconds(list(added), added),
    )


def _more_members(findings: Findings) -> NextStep | None:
    """Returns what is said of pools: each of their nets counts once, so seeds add nothing."""
    needed = [v.seeds_to_settle or 0 for v in findings.verdicts if v.verdict == "inconclusive"]
    if not 0 < (most := max(needed, default=0)) <= MOST_SEEDS:
        return None
    return NextStep(
        reason=f"More nets, not seeds: about {most} in each pool, which of a search are its"
        " repeats, would settle what is open."
    )


def _flags(most: int, *, by_looks: bool, looks_again: bool) -> dict[str, str]:
    """Returns the fields that ask for more seeds.

    Args:
      most: The most seeds of a variant.
      by_looks: Whether looks of hypotheses add all that are wanted.
      looks_again: Whether verdicts are looked at as seeds are added, and not at the whole level.
    """
    if most == LEAST_SEEDS:
        return {"seeds": str(most)}
    if by_looks:
        return {"seeds_until_settled": str(most)}
    return {"seeds": str(most)} | ({"seeds_until_settled": str(most + 1)} if looks_again else {})


def _affordable(needed: int, high: int | None, present: int) -> int:
    """Returns the seeds to propose where so many are needed; 0 where they are too many or there.

    Args:
      needed: At the spread that was seen.
      high: At the upper end of its interval, if that is known.
      present: How many there are.
    """
    proposed = min(high or needed, MOST_SEEDS)
    return proposed if needed <= MOST_SEEDS and proposed > present else 0
