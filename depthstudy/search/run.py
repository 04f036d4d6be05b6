"""Searches for the nets of a study, and trains what was found anew: search, then study."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import shlex
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import ml_collections

from depthstudy import config, execute, plan, records, store
from depthstudy import study as studies
from depthstudy.arch import ArchSpec
from depthstudy.config import Settings, StudyConfig
from depthstudy.evidence.choice import halving, progress, ranking, rungs
from depthstudy.execute.executors import process_count
from depthstudy.plan import Variant
from depthstudy.plan.follow_up import SEARCH
from depthstudy.records import RANDOM, SearchedNet, SearchInfo
from depthstudy.search import blocks, checks, space, winners
from depthstudy.search.campaign.trials import Trials
from depthstudy.search.space.latency import Stopwatch
from depthstudy.search.space.pricing import Prices

_SIZES = ("parameters", "macs")


def run(
    study: ml_collections.ConfigDict | StudyConfig,
    workdir: str | Path,
    *,
    command: str = "",
    config_file: str | None = None,
) -> studies.Result:
    """Runs a study whose config may leave its variants to a search.

    A search goes on where it was: no net that was trained is trained again, and none is lost. What
    it found is trained anew by ``study.run`` in the same folder, and tested once.

    Args:
      study: The config of the study; without ``search.trials`` it is run as it stands.
      workdir: Folder of the study.
      command: The command line, for the report.
      config_file: As in ``study.run``.

    Raises:
      InputError: Something in the config is wrong, Optuna is missing where there is a search, or
        ``workdir`` holds runs of another config.
    """
    if not isinstance(study, StudyConfig):
        study = config.parse(study)
    if study.search.trials:
        study = search(study, Path(workdir), config_file)
    return studies.run(study, workdir, command=command, config_file=config_file)


def search(study: StudyConfig, workdir: Path, config_file: str | None = None) -> StudyConfig:
    """Searches, writes what was tried, and returns the study that trains the winners anew."""
    checks.require_engine()
    study, (base, *_) = plan.prepare(study)
    checks.check(study, base)
    sized = dataclasses.replace(study, processes=_processes(study, base))
    start = time.perf_counter()
    with (
        store.lock(workdir),
        contextlib.closing(execute.Session(sized, [base], workdir, config_file)) as session,
    ):
        return _search(study, base, workdir, Trials(session, base), start)


def _search(
    study: StudyConfig, base: Variant, workdir: Path, trials: Trials, start: float
) -> StudyConfig:
    from depthstudy.search.campaign.campaign import Campaign
    from depthstudy.search.campaign.importance import importance

    whole = space.from_config(study.search)
    stopwatch = Stopwatch(workdir / SEARCH / "latency.json", base.info.image_shape)
    prices = Prices(base, study.search, stopwatch)
    found = Campaign(study, whole, prices, trials, workdir / SEARCH).run()
    won = winners.of(study, found)
    tables = {
        store.SEARCH: records.frame(SearchedNet, found.rows),
        store.PROGRESS: records.frame(
            records.SearchProgress,
            progress.progress([row for row in found.rows if row.method != records.SCALED]),
        ),
        store.SCORES: records.frame(records.ScoreRank, _scores(study, found.rows, trials)),
        store.IMPORTANCE: records.frame(
            records.GeneImportance,
            importance(
                whole,
                [
                    (tuple(json.loads(row.genome).items()), row.validation_error)
                    for row in found.rows
                    if row.method != records.SCALED
                ],
            ),
        ),
    }
    for name, table in tables.items():
        store.write_table(workdir / name, table)
    chosen = found.winners[won.chosen]
    methods = (study.search.method, RANDOM)
    counts = winners.of_method(found, methods)
    earlier = store.read_search_info(workdir)
    info = SearchInfo(
        space=whole.to_json(),
        size=whole.size,
        config=dataclasses.asdict(study.search),
        rates={
            name: float(str(dict(setting)["train.learning_rate"]))
            for name, setting in found.rates.items()
            if "train.learning_rate" in dict(setting)
        },
        rejected={method: counts[method][0] for method in methods},
        duplicates={method: counts[method][1] for method in methods},
        trained={method: counts[method][2] for method in methods},
        seconds=time.perf_counter() - start + (earlier.seconds if earlier else 0.0),
        chosen=won.names[chosen],
        chosen_settings=dict(chosen),
        chosen_blocks=tuple(_blocks(base, chosen)),
        command=command_of(study, chosen),
        winners={won.names[net]: place.name for place, net in found.winners.items()},
        strata=tuple(winners.label(stratum) for stratum in sorted(study.search.strata)),
        chosen_stratum=won.strata[0],
    )
    store.write_search_info(workdir, info)
    return winners.study_of(study, found, won)


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
    for group in ("data", "train"):
        own, usual = getattr(study, group), getattr(default, group)
        changed |= {
            f"{group}.{field.name}": getattr(own, field.name)
            for field in dataclasses.fields(own)
            if getattr(own, field.name) != getattr(usual, field.name)
        }
    flags = [f"--config.{field}={value}" for field, value in {**changed, **dict(net)}.items()]
    return shlex.join(["depthstudy", "run", "base", *flags])


def describe(study: ml_collections.ConfigDict | StudyConfig) -> str:
    """Returns the plan of a study as text, that of its search if it has one; trains nothing.

    Raises:
      InputError: Something in the config is wrong.
    """
    return "\n".join(describe_parts(study))


def describe_parts(study: ml_collections.ConfigDict | StudyConfig) -> Iterator[str]:
    """Yields the same in parts, as they are known.

    Raises:
      InputError: Something in the config is wrong.
    """
    if not isinstance(study, StudyConfig):
        study = config.parse(study)
    if not study.search.trials:
        yield from studies.describe_parts(study)
        return
    study, (base, *_) = plan.prepare(study)
    checks.check(study, base)
    own, size = study.search, space.from_config(study.search).size
    searches = 2 * len(own.strata) * own.repeats
    runs = searches * rungs.cost(own.trials, own.shares, own.keep)
    last = (searches + len(own.families)) * study.seeds
    depths = ", ".join(winners.label(stratum) for stratum in own.strata)
    tuned = f", after {', '.join(field for field, _ in study.tune)} is tuned" if study.tune else ""
    yield (
        f"a search over {size:,} choices, by {own.method} and at random, {own.repeats} times in "
        f"depths {depths}{tuned}\n"
        f"{searches} searches x {own.trials} nets, which take as long as {runs:.0f} runs of "
        f"{base.info.steps:,} steps\n"
        f"then what each found is trained anew, at most {last} runs, and tested once"
    )


def _processes(study: StudyConfig, base: Variant) -> int:
    """Returns in how many processes the nets of a search are trained."""
    own = study.search
    nets = 2 * len(own.strata) * own.repeats * own.generation
    macs = own.macs or base.info.macs
    runs = nets * rungs.cost(own.trials, own.shares, own.keep) / max(1, own.generation)
    work = runs * macs * base.info.steps * base.config.train.batch_size
    points = len(halving.points(study.tune)) if study.tune and own.rates == "trial" else 1
    return process_count.for_work(study, nets, work * points)
