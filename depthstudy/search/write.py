"""Writes what a search found: its nets, what explains their errors, and the net that it chose."""

from __future__ import annotations

import dataclasses
import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from depthstudy import config, plan, records, store
from depthstudy.arch import ArchSpec
from depthstudy.config import Settings, StudyConfig
from depthstudy.evidence.choice import progress, ranking
from depthstudy.plan import Variant
from depthstudy.records import RANDOM, SearchedNet, SearchInfo
from depthstudy.search import blocks, winners
from depthstudy.search.campaign.importance import importance
from depthstudy.search.campaign.result import CampaignResult, methods_of
from depthstudy.search.campaign.trials import Trials
from depthstudy.search.space import Space
from depthstudy.search.winners import Winners

_SIZES = ("parameters", "macs")


class Searched(NamedTuple):
    """A search that is over.

    Attributes:
      study: The config of the study.
      base: The variant whose images and recipe all nets have.
      space: What was chosen from.
      result: What was found.
      won: The nets that are trained anew.
    """

    study: StudyConfig
    base: Variant
    space: Space
    result: CampaignResult
    won: Winners


def write_tables(workdir: Path, searched: Searched, trials: Trials) -> None:
    """Writes each net that was tried, progress, scores of untrained nets, and importance."""
    rows = searched.result.rows
    proposed = [row for row in rows if row.method != records.SCALED]
    tried = [(tuple(json.loads(row.genome).items()), row.validation_error) for row in proposed]
    tables: dict[str, pd.DataFrame] = {
        store.SEARCH: records.frame(SearchedNet, rows),
        store.PROGRESS: records.frame(records.SearchProgress, progress.progress(proposed)),
        store.SCORES: records.frame(records.ScoreRank, _scores(searched.study, rows, trials)),
        store.IMPORTANCE: records.frame(records.GeneImportance, importance(searched.space, tried)),
    }
    for name, table in tables.items():
        store.write_table(workdir / name, table)


def write_info(workdir: Path, searched: Searched, seconds: float) -> None:
    """Writes how a study was searched and what was chosen.

    Args:
      workdir: Folder of the study.
      searched: The search.
      seconds: How long this call took; the time of earlier ones is added.
    """
    study, base, space, result, won = searched
    chosen = result.winners[won.chosen]
    methods = methods_of(study.search)
    counts = winners.of_method(result, methods)
    earlier = store.read_search_info(workdir)
    info = SearchInfo(
        space=space.to_json(),
        size=space.size,
        config=dataclasses.asdict(study.search),
        rates={
            name: float(str(dict(setting)["train.learning_rate"]))
            for name, setting in result.rates.items()
            if "train.learning_rate" in dict(setting)
        },
        rejected={method: counts[method][0] for method in methods},
        duplicates={method: counts[method][1] for method in methods},
        trained={method: counts[method][2] for method in methods},
        seconds=seconds + (earlier.seconds if earlier else 0.0),
        chosen=won.names[chosen],
        chosen_settings=dict(chosen),
        chosen_blocks=tuple(_blocks(base, chosen)),
        command=command_of(study, chosen),
        winners={won.names[net]: place.name for place, net in result.winners.items()},
        strata=tuple(winners.label(stratum) for stratum in sorted(study.search.strata)),
        chosen_stratum=won.strata[0],
    )
    store.write_search_info(workdir, info)


def _blocks(base: Variant, net: Settings) -> list[dict[str, object]]:
    spec = plan.build_net(config.apply(base.given, net).model, base.dataset.num_classes)
    return blocks.blocks(spec, base.info.image_shape) if isinstance(spec, ArchSpec) else []


def _scores(
    study: StudyConfig, rows: Sequence[SearchedNet], trials: Trials
) -> list[records.ScoreRank]:
    """Returns how scores of the start rank nets that random search drew."""
    drawn = {row.net: row for row in rows if row.method == RANDOM}
    scored = sorted(drawn.values(), key=lambda row: (row.trial, row.stratum, row.repeat))
    scored = scored[: study.search.scored]
    if not scored:
        return []
    nets: list[Settings] = [tuple(json.loads(row.settings).items()) for row in scored]
    measured = trials.score(nets, study.search.shares[0])
    names = dict.fromkeys(name for scores in measured for name in scores if ":" not in name)
    columns = {name: [scores.get(name, float("nan")) for scores in measured] for name in names}
    columns |= {size: [float(getattr(row, size)) for row in scored] for size in _SIZES}
    return ranking.rank([row.validation_error for row in scored], columns)


def command_of(study: StudyConfig, net: Settings) -> str:
    """Returns the command line that trains a net alone, by the recipe of the study."""
    changed = {"seeds": study.seeds, "name": f"{study.name}_chosen"}
    default = StudyConfig()
    for group in ("data", "model", "train"):
        given, usual = getattr(study, group), getattr(default, group)
        changed |= {
            f"{group}.{field.name}": getattr(given, field.name)
            for field in dataclasses.fields(given)
            if getattr(given, field.name) != getattr(usual, field.name) and field.name != "options"
        }
    changed |= {f"model.options.{name}": value for name, value in study.model.options.items()}
    flags = [f"--config.{field}={value}" for field, value in {**changed, **dict(net)}.items()]
    return shlex.join(["depthstudy", "run", "base", *flags])
