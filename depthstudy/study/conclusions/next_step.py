"""What to do after a study: the command that tells more, and how long it takes."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import pandas as pd

from depthstudy.config import Hypothesis, StudyConfig
from depthstudy.evidence import metrics
from depthstudy.evidence.claims import looks
from depthstudy.evidence.claims.pairing import VariantSettings
from depthstudy.evidence.findings import Findings
from depthstudy.evidence.panel import LEAST_SEEDS
from depthstudy.records import DepthAnswer, NextStep
from depthstudy.store import bucket

_FACTOR = 4  # by which nets that had not finished are trained longer
_LONGER_SEEDS = 2  # of each longer training
_MOST_SEEDS = 50  # that are worth proposing
_AGAIN = (
    "; it looks again at the whole level, and decides wrongly in up to 10% of such studies (5% of "
    "those that had as many seeds from the start)"
)
_UNKNOWN = "not known yet"  # the word of an answer that is open


@dataclasses.dataclass(frozen=True)
class Past:
    """How a study was run.

    Attributes:
      study: Its config.
      command: The command line, or ``""``.
      workdir: Its folder.
      processes: In how many processes it was trained.
      summary: Its finished runs.
      settings: Name of a variant to all its settings by dotted field.
    """

    study: StudyConfig
    command: str
    workdir: Path
    processes: int
    summary: pd.DataFrame
    settings: VariantSettings

    def with_flags(self, **flags: str) -> str:
        """Returns the command line with fields of the config set, or ``""`` without one."""
        if not self.command:
            return ""
        names = tuple(f"--config.{name}=" for name in flags)
        kept = [part for part in shlex.split(self.command) if not part.startswith(names)]
        return shlex.join([*kept, *(f"--config.{name}={value}" for name, value in flags.items())])

    def seconds(self, names: Collection[str], times: Mapping[str, float] | float) -> float:
        """Returns the wall time of further runs of some variants: so many of each."""
        means = self.summary.groupby("variant")["seconds"].mean()
        of = times.get if isinstance(times, Mapping) else lambda name: times
        total = sum(float(means[name]) * float(of(name) or 0) for name in names if name in means)
        return total / max(1, self.processes)


def next_step(
    past: Past, found: Findings, headline: DepthAnswer | None, hypotheses: Sequence[Hypothesis]
) -> NextStep:
    """Returns what tells most of what a study leaves open.

    Args:
      past: How it was run.
      found: What it says.
      headline: Its answer to whether to go deeper, if it has one.
      hypotheses: What it asks.
    """
    answers = [row for row in found.deeper if row.word == _UNKNOWN and row is not headline]
    steps = (
        _more_depth_or_steps(past, headline),
        *(
            step
            for answer in (headline, *answers)
            for step in (
                _more_seeds(past, found, answer, hypotheses),
                _more_images(found, answer),
            )
        ),
        _still_open(found, [*([headline] if headline else []), *answers], hypotheses),
    )
    return next((step for step in steps if step), None) or _look_inside(past, found)


def _more_depth_or_steps(past: Past, headline: DepthAnswer | None) -> NextStep | None:
    if headline is None:
        return None
    if headline.bound == "unfinished" and not past.study.budget_check:
        pair = (headline.deepest, headline.against)
        return NextStep(
            reason=f"Train what had not finished {_FACTOR} times as long.",
            command=past.with_flags(budget_check=f"({_FACTOR},)"),
            seconds=past.seconds(pair, _FACTOR * _LONGER_SEEDS),
        )
    if headline.word == "yes":
        return _deeper(past, headline)
    return None


def _deeper(past: Past, headline: DepthAnswer) -> NextStep:
    """Returns the sweep with a depth more, as far from the greatest as that is from the next."""
    swept = dict(past.study.sweep)
    numbers = [v for v in swept.get("model.depth", ()) if isinstance(v, int)]
    depths = sorted(set(numbers))
    reason = "The greatest depth is the best so far"
    if len(depths) < 2:
        return NextStep(reason=f"{reason}: add a greater one.")
    more = 2 * depths[-1] - depths[-2]
    sweep = tuple(
        (field, (*values, more) if field == "model.depth" else values)
        for field, values in past.study.sweep
    )
    seconds = past.seconds([headline.deepest], headline.seeds * more / depths[-1])
    return NextStep(
        reason=f"{reason}: add depth {more}.",
        command=past.with_flags(sweep=repr(sweep)),
        seconds=seconds,
    )


def _more_seeds(
    past: Past, found: Findings, answer: DepthAnswer | None, hypotheses: Sequence[Hypothesis]
) -> NextStep | None:
    if past.study.pools:
        return _more_members(found)
    trained = {h.name for h in hypotheses if metrics.is_trained(h.metric)}
    inconclusive = [
        v for v in found.verdicts if v.verdict == "inconclusive" and v.hypothesis in trained
    ]
    still_open = {
        v.hypothesis: _affordable(v.seeds_to_settle, v.seeds_high, v.seeds)
        for v in inconclusive
        if v.seeds_to_settle
    }
    counts = [v.seeds for v in inconclusive]
    counts += [answer.seeds] if answer is not None and answer.word == _UNKNOWN else []
    few = any(seeds < LEAST_SEEDS for seeds in counts)
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
    by_looks = bool(still_open) or any(v.seeds < LEAST_SEEDS for v in inconclusive)
    if not by_looks and inconclusive:
        undecided = {v.hypothesis for v in inconclusive}
        asked = [h for h in hypotheses if h.name in undecided]
        by_looks = names <= looks.compared(asked, past.settings)
    flags = _flags(most, by_looks=by_looks, is_open=bool(inconclusive))
    if "seeds" in flags:
        added = {str(name): max(0, most - int(count)) for name, count in before.items()}
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


def _more_members(found: Findings) -> NextStep | None:
    """Returns what is said of pools: each of their nets counts once, so seeds add nothing."""
    needed = [v.seeds_to_settle or 0 for v in found.verdicts if v.verdict == "inconclusive"]
    if not 0 < (most := max(needed, default=0)) <= _MOST_SEEDS:
        return None
    return NextStep(
        reason=f"More nets, not seeds: about {most} in each pool, which of a search are its"
        " repeats, would settle what is open."
    )


def _flags(most: int, *, by_looks: bool, is_open: bool) -> dict[str, str]:
    """Returns the fields that ask for more seeds.

    Args:
      most: The most seeds of a variant.
      by_looks: Whether looks of hypotheses add all that are wanted.
      is_open: Whether a verdict is, which is then looked at again, and not at the whole level.
    """
    if most == LEAST_SEEDS:
        return {"seeds": str(most)}
    if by_looks:
        return {"seeds_until_settled": str(most)}
    return {"seeds": str(most)} | ({"seeds_until_settled": str(most + 1)} if is_open else {})


def _affordable(needed: int, high: int | None, present: int) -> int:
    """Returns the seeds to propose where so many are needed; 0 where they are too many or there.

    Args:
      needed: At the spread that was seen.
      high: At the upper end of its interval, if that is known.
      present: How many there are.
    """
    proposed = min(high or needed, _MOST_SEEDS)
    return proposed if needed <= _MOST_SEEDS and proposed > present else 0


def _still_open(
    found: Findings, answers: Sequence[DepthAnswer], hypotheses: Sequence[Hypothesis]
) -> NextStep | None:
    """Returns what is said of open questions that no further training is proposed for."""
    inconclusive = [v for v in found.verdicts if v.verdict == "inconclusive"]
    unknown = [row for row in answers if row.word == _UNKNOWN]
    if not (inconclusive or unknown):
        return None
    needed = {
        v.hypothesis: v.seeds_to_settle or (LEAST_SEEDS if v.seeds < LEAST_SEEDS else 0)
        for v in inconclusive
    }
    most = max([*needed.values(), *(row.seeds_needed or 0 for row in unknown)])
    if most > _MOST_SEEDS:
        return NextStep(
            reason=f"About {most:,} seeds would settle what is open, more than the {_MOST_SEEDS}"
            " that are worth proposing."
        )
    probed = [needed.get(h.name, 0) for h in hypotheses if not metrics.is_trained(h.metric)]
    if any(probed):
        return NextStep(
            reason=f"Measure more seeds (config.probe_seeds): it takes about {max(probed)} to"
            " settle what is open."
        )
    return NextStep(
        reason="What is open is not known to be settled by more seeds or images of this plan."
    )


def _more_images(found: Findings, answer: DepthAnswer | None) -> NextStep | None:
    needed = [v.images_to_settle for v in found.verdicts if v.images_to_settle]
    needed += [answer.images_needed] if answer and answer.images_needed else []
    if not needed:
        return None
    return NextStep(
        reason=f"More test images, not seeds: about {max(needed):,} would settle what is open."
    )


def _look_inside(past: Past, found: Findings) -> NextStep:
    """Returns the command that measures the recommended net."""
    parts = shlex.split(past.command)
    place = parts.index("run") if "run" in parts else None
    if found.recommendation is None or place is None:
        return NextStep(reason="Nothing is left open that more runs would settle.")
    run = bucket.shown(past.workdir / "runs" / found.recommendation.variant / "seed0")
    return NextStep(
        reason="Nothing is left open that more runs would settle; see what the net does inside.",
        command=shlex.join([*parts[:place], "analyze", run]),
    )
