"""From what a search found to the study that trains it anew: its nets, its pools, its questions.

The nets are those that won each search, and the best scaled families. Seeds are fresh, the test
split is read once, and verdicts are those of any study. A search is a procedure: what it is worth
is told by the nets of all its repeats, which a pool holds as a variant holds its seeds.
"""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Mapping, Sequence

from depthstudy.config import Hypothesis, Pool, Settings, StudyConfig
from depthstudy.evidence.choice import rungs
from depthstudy.evidence.claims.pools import KIND, POOL
from depthstudy.plan.follow_up import name_of_settings
from depthstudy.records import RANDOM, SCALED
from depthstudy.search.campaign.result import CampaignResult, Place, label, methods_of

MARGIN = 0.01  # test error from which on depth matters
CHOSEN, BEST_SCALED = "the chosen net", "the best scaled family"
OTHERS = "nets of other depths"
THE_SEARCH, THE_RANDOM = "the nets of the search", "the nets of random search"


@dataclasses.dataclass(frozen=True)
class Winners:
    """The nets that are trained anew.

    Attributes:
      names: Name of each net, by what it sets.
      strata: The depths by their mean validation error, the best first.
      chosen: What the search chose of all depths: the net, and where it was found.
      scaled: The best scaled family likewise; ``None`` without any.
    """

    names: Mapping[Settings, str]
    strata: tuple[str, ...]
    chosen: Place
    scaled: Place | None


def of(study: StudyConfig, result: CampaignResult) -> Winners:
    """Returns the nets to train anew; all choices among them are made by validation error."""
    searched = [place for place in result.winners if place.method != SCALED]
    families = [place for place in result.winners if place.method == SCALED]
    names: dict[Settings, str] = {}
    for place in (*searched, *families):
        net = result.winners[place]
        names.setdefault(net, f"{name(place)}_{name_of_settings(net)[:4]}")
    labels = [label(stratum) for stratum in study.search.strata]
    means = {
        one: statistics.fmean(result.errors[place] for place in searched if place.stratum == one)
        for one in labels
    }
    ours = {
        place: result.errors[place] for place in searched if place.method == study.search.method
    }
    scaled = rungs.best({place: result.errors[place] for place in families}, 1)
    return Winners(
        names,
        tuple(rungs.best(means, len(means))),
        rungs.best(ours, 1)[0],
        scaled[0] if scaled else None,
    )


def name(place: Place) -> str:
    """Returns the name of what was found at a place; a part of its settings' hash makes it a net's.

    So a search that goes on with more trials finds nets of other names.

    >>> name(Place("tpe", "4 to 9", 2))
    'tpe_depth4to9_2'
    """
    if place.method == SCALED:
        return f"scaled_{place.stratum}"
    return f"{place.method}_depth{place.stratum.replace(' ', '')}_{place.repeat}"


def study_of(study: StudyConfig, result: CampaignResult, winners: Winners) -> StudyConfig:
    """Returns the study that trains the winners anew, and asks what they say."""
    pools = _pools(study, result, winners)
    return dataclasses.replace(
        study,
        variants=tuple((name, settings) for settings, name in winners.names.items()),
        pools=tuple(pools),
        hypotheses=tuple(hypotheses(study, winners)),
        tune=(),
    )


def _pools(study: StudyConfig, result: CampaignResult, winners: Winners) -> list[Pool]:
    """Returns the pools of hypotheses, and those that give the best net of each depth all seeds."""
    search = study.search
    known = {place: winners.names[net] for place, net in result.winners.items()}
    searched = [place for place in known if place.method != SCALED]
    pools = [
        Pool(
            depths(stratum),
            tuple(known[place] for place in searched if place.stratum == stratum),
            "" if stratum == winners.strata[0] else OTHERS,
        )
        for stratum in winners.strata
    ]
    for method in methods_of(search):
        title = THE_SEARCH if method == search.method else THE_RANDOM
        best = [
            rungs.best(
                {p: result.errors[p] for p in searched if (p.method, p.repeat) == (method, repeat)},
                1,
            )[0]
            for repeat in range(search.repeats)
        ]
        pools.append(Pool(title, tuple(known[place] for place in best)))
    for stratum in winners.strata:
        best_place = rungs.best(
            {place: result.errors[place] for place in searched if place.stratum == stratum}, 1
        )[0]
        pools.append(Pool(f"the best of depth {stratum}", (known[best_place],) * study.seeds))
    pools.append(Pool(CHOSEN, (known[winners.chosen],) * study.seeds))
    if winners.scaled is not None:
        pools.append(Pool(BEST_SCALED, (known[winners.scaled],) * study.seeds))
    return pools


def depths(stratum: str) -> str:
    """Returns the name of the pool of the nets of some depths."""
    return f"nets of depth {stratum}"


def hypotheses(study: StudyConfig, winners: Winners) -> list[Hypothesis]:
    """Returns what is asked of the winners; the test split has no part in who is compared."""
    asked = []
    best, worst = winners.strata[0], winners.strata[-1]
    by = "it finds" if study.search.method == RANDOM else "it and random search find"
    if best != worst:
        asked += [
            _less(
                "search_chooses_depth",
                f"The search chooses depth {best}: within the same limits, the nets that {by} "
                "there err less than those of every other depth.",
                ((POOL, depths(best)),),
                ((KIND, OTHERS),),
            ),
            Hypothesis(
                name="depth_matters",
                statement=f"Depth matters within the same limits: the nets found of depth {worst} "
                f"err by more than a point more than those of depth {best}.",
                metric="test_error",
                relation="greater",
                where=((POOL, depths(worst)),),
                against=((POOL, depths(best)),),
                margin=MARGIN,
            ),
        ]
    if study.search.method != RANDOM:
        asked.append(
            _less(
                "search_beats_random",
                f"The nets that the search finds ({study.search.method.upper()}) err less than "
                "those of random search with as many trials.",
                ((POOL, THE_SEARCH),),
                ((POOL, THE_RANDOM),),
            )
        )
    if winners.scaled is not None:
        asked.append(
            _less(
                "search_beats_scaling",
                f"The net that the search chose errs less than the best of the scaled families "
                f"({winners.scaled.stratum}) within the same multiply-accumulates.",
                ((POOL, CHOSEN),),
                ((POOL, BEST_SCALED),),
            )
        )
    return asked


def _less(name: str, statement: str, where: Settings, against: Settings) -> Hypothesis:
    return Hypothesis(name, statement, "test_error", "less", where, against)


def of_method(result: CampaignResult, methods: Sequence[str]) -> dict[str, tuple[int, int, int]]:
    """Returns by method how many choices were rejected, known already, and trained."""
    counts = {}
    for method in methods:
        trials = [
            t
            for place, rows in result.finished_trials.items()
            if place.method == method
            for t in rows
        ]
        counts[method] = (
            sum(bool(t.reason) for t in trials),
            sum(t.same_as is not None for t in trials),
            sum(t.is_trained for t in trials),
        )
    return counts
