"""What to do after a study: the command that tells more, and how long it takes."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import pandas as pd

from depthstudy import config, stats
from depthstudy.config import Hypothesis
from depthstudy.errors import InputError
from depthstudy.evidence import metrics
from depthstudy.evidence.choice import halving
from depthstudy.evidence.findings import Findings
from depthstudy.evidence.longer import FITS
from depthstudy.evidence.panel import LEAST_SEEDS
from depthstudy.execute.following import SEEDS_OF_LONGER
from depthstudy.plan import build_net
from depthstudy.plan.variants.variant import TREATMENT
from depthstudy.records import DepthAnswer, NextStep
from depthstudy.store import bucket
from depthstudy.study.conclusions.more_seeds import MOST_SEEDS, UNKNOWN, more_seeds
from depthstudy.study.conclusions.past import Past

_FACTOR = 4  # by which nets that had not finished are trained longer


def next_step(
    past: Past, findings: Findings, headline: DepthAnswer | None, hypotheses: Sequence[Hypothesis]
) -> NextStep:
    """Returns what tells most of what a study leaves open.

    Args:
      past: How it was run.
      findings: What it says.
      headline: Its answer to whether to go deeper, if it has one.
      hypotheses: What it asks.
    """
    answers = [row for row in findings.deeper if row.word == UNKNOWN and row is not headline]
    learned = [row for row in (headline, *answers) if row is None or row.learned]
    steps = (
        _more_depth_or_steps(past, headline),
        *(
            step
            for answer in learned or (None,)
            for step in (
                more_seeds(past, findings, answer, hypotheses),
                _more_images(findings, answer),
            )
        ),
        _still_open(findings, [*([headline] if headline else []), *answers], hypotheses),
    )
    return next((step for step in steps if step), None) or _look_inside(past, findings)


def _more_depth_or_steps(past: Past, headline: DepthAnswer | None) -> NextStep | None:
    if headline is None:
        return None
    if headline.bound == "unfinished" and not past.study.budget_check:
        return _longer(past, headline)
    if headline.word == "yes":
        return _deeper(past, headline)
    return None


def _longer(past: Past, headline: DepthAnswer) -> NextStep:
    """Returns the command of a budget check, where it would train anything longer."""
    pair = (headline.deepest, headline.against)
    means = past.summary.groupby("variant")["train_error"].mean()
    deep, other = (float(means[name]) for name in pair)
    if deep <= other + FITS:
        return NextStep(
            reason="What had not finished fits no worse than a shallower net: only a study of more"
            " steps (config.train.epochs or steps, in another --workdir) tells what it comes to."
        )
    return NextStep(
        reason=f"Train what had not finished {_FACTOR} times as long.",
        command=past.with_flags(budget_check=f"({_FACTOR},)"),
        seconds=past.seconds(pair, _FACTOR * min(SEEDS_OF_LONGER, past.study.seeds)),
    )


def _deeper(past: Past, headline: DepthAnswer) -> NextStep:
    """Returns the sweep with a depth more, as far from the greatest as that is from the next."""
    swept = dict(past.study.sweep)
    numbers = [v for v in swept.get("model.depth", ()) if isinstance(v, int)]
    depths = sorted(set(numbers))
    reason = "The greatest depth is the best so far"
    if len(depths) < 2:
        return NextStep(reason=f"{reason}: add a greater one.")
    more = 2 * depths[-1] - depths[-2]
    trained = set(past.summary["variant"])
    names = [
        name
        for name, row in past.settings.items()
        if name in trained and row.get("model.depth") == depths[-1] and past.can_grow(name)
    ]
    if not all(_has_depth(past, name, more) for name in names):
        return NextStep(reason=f"{reason}: add a greater one.")
    sweep = tuple(
        (field, (*values, more) if field == "model.depth" else values)
        for field, values in past.study.sweep
    )
    tune = past.study.tune
    extra = past.extra_trials
    trials = halving.cost(tune, extra) * past.study.tune_seeds if tune else 0.0
    times = {
        name: (headline.seeds + (0 if past.settings[name].get(TREATMENT) else trials))
        * (more / depths[-1])
        for name in names
    }
    return NextStep(
        reason=f"{reason}: add depth {more}.",
        command=past.with_flags(sweep=repr(sweep)),
        seconds=past.seconds(names, times),
    )


def _has_depth(past: Past, name: str, depth: int) -> bool:
    """Whether the family of a net has one of another depth, as some have a few only."""
    given = {
        field: value
        for field, value in past.settings[name].items()
        if field.startswith("model.") and value is not None
    }
    settings = tuple((given | {"model.depth": depth}).items())
    try:
        build_net(config.apply(past.study, settings).model, num_classes=2)
    except InputError:
        return False
    return True


def _still_open(
    findings: Findings, answers: Sequence[DepthAnswer], hypotheses: Sequence[Hypothesis]
) -> NextStep | None:
    """Returns what is said of open questions that no further training is proposed for."""
    inconclusive = [v for v in findings.verdicts if v.verdict == "inconclusive"]
    unknown = [row for row in answers if row.word == UNKNOWN]
    if not (inconclusive or unknown):
        return None
    needed = {
        v.hypothesis: v.seeds_to_settle or (LEAST_SEEDS if v.seeds < LEAST_SEEDS else 0)
        for v in inconclusive
    }
    most = max([*needed.values(), *(row.seeds_needed or 0 for row in unknown)])
    if most > MOST_SEEDS:
        return NextStep(
            reason=f"About {most:,} seeds would settle what is open, more than the {MOST_SEEDS}"
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


def _more_images(findings: Findings, answer: DepthAnswer | None) -> NextStep | None:
    needed = [v.images_to_settle for v in findings.verdicts if v.images_to_settle]
    needed += [answer.images_needed] if answer and answer.images_needed else []
    if not needed:
        return None
    return NextStep(
        reason=f"More test images, not seeds: about {max(needed):,} would settle what is open."
    )


def _look_inside(past: Past, findings: Findings) -> NextStep:
    """Returns the command that measures the recommended net."""
    parts = shlex.split(past.command)
    place = parts.index("run") if "run" in parts else None
    if findings.recommendation is None or place is None:
        return NextStep(reason="Nothing is left open that more runs would settle.")
    variant = findings.recommendation.variant
    runs = past.summary[past.summary["variant"] == variant]
    seed = _seed_to_analyze(runs, past.chance.get(variant))
    run = bucket.shown(past.workdir / "runs" / variant / f"seed{seed}")
    return NextStep(
        reason="Nothing is left open that more runs would settle; see what the net does inside.",
        command=shlex.join([*parts[:place], "analyze", run]),
    )


def _seed_to_analyze(runs: pd.DataFrame, chance: float | None) -> int:
    """Returns the first seed of a net whose run did not fail; of none, the first."""
    arm = stats.Arm(runs["train_error"].to_numpy(), fraction=True)
    failed = stats.failed_runs(arm, chance)
    seeds = runs["seed"].tolist()
    return next((seed for place, seed in enumerate(seeds) if place not in failed), 0)
