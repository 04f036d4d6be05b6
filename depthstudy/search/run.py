"""Searches for the nets of a study, and trains what was found anew: search, then study."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import ml_collections

from depthstudy import config, execute, plan, store
from depthstudy import study as studies
from depthstudy.config import StudyConfig
from depthstudy.evidence.choice import halving, rungs
from depthstudy.execute.executors import process_count
from depthstudy.plan import Variant
from depthstudy.plan.follow_up import SEARCH
from depthstudy.search import checks, space, winners
from depthstudy.search.campaign.result import methods_of
from depthstudy.search.campaign.trials import Trials
from depthstudy.search.campaign.tuning import cost_of_tuning
from depthstudy.search.space.latency import Stopwatch
from depthstudy.search.space.pricing import Prices


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
    with store.bucket.work_in(workdir) as folder:
        if study.search.trials:
            study = search(study, folder, config_file)
        return studies.run(study, folder, command=command, config_file=config_file)


def search(study: StudyConfig, workdir: Path, config_file: str | None = None) -> StudyConfig:
    """Searches, writes what was tried, and returns the study that trains the winners anew."""
    checks.require_engine()
    study, (base, *_) = plan.prepare(study)
    checks.check(study, base)
    execute.check(study, (), workdir)
    start = time.perf_counter()
    with (
        store.lock(workdir),
        contextlib.closing(open_session(study, base, workdir, config_file)) as session,
    ):
        return _search(study, base, workdir, Trials(session, base), start)


def open_session(
    study: StudyConfig, base: Variant, workdir: Path, config_file: str | None = None
) -> execute.Session:
    """Returns what trains the nets of a search, in as many processes as these are worth."""
    session = execute.Session(study, [base], workdir, config_file)
    session.processes = _processes(study, base)  # more than the seeds of the base alone
    return session


def _search(
    study: StudyConfig, base: Variant, workdir: Path, trials: Trials, start: float
) -> StudyConfig:
    from depthstudy.search.campaign.campaign import Campaign
    from depthstudy.search.write import Searched, write_info, write_tables

    whole = space.from_config(study.search)
    stopwatch = Stopwatch(workdir / SEARCH / "latency.json", base.info.image_shape)
    prices = Prices(base, study.search, stopwatch)
    result = Campaign(study, whole, prices, trials, workdir / SEARCH).run()
    won = winners.of(study, result)
    searched = Searched(study, base, whole, result, won)
    write_tables(workdir, searched, trials)
    write_info(workdir, searched, time.perf_counter() - start)
    return winners.study_of(study, result, won)


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
    process_count.check(study)
    search_config, size = study.search, space.from_config(study.search).size
    methods = methods_of(search_config)
    searches = len(methods) * len(search_config.strata) * search_config.repeats
    settings = _settings_of_each(study)
    further = (settings - 1) * search_config.trials * search_config.shares[0]
    cost = rungs.cost(search_config.trials, search_config.shares, search_config.keep)
    families = len(search_config.families)
    runs = (searches + families) * (cost + further)
    last = (searches + families) * study.seeds
    by = f"by {search_config.method} and at random" if len(methods) > 1 else "at random"
    depths = ", ".join(winners.label(stratum) for stratum in search_config.strata)
    fields = ", ".join(field for field, _ in study.tune)
    tuning = cost_of_tuning(study)
    tuned = f", after {fields} is tuned" if tuning else ""
    if search_config.rates == "trial" and study.tune:
        tuned = f", each net at first with {settings} settings of {fields}"
    scaled = f" and {families} scaled families" if families else ""
    most = "at most " if families else ""  # as a family may have fewer members
    yield (
        f"a search over {size:,} choices, {by}, {search_config.repeats} times in depths {depths}"
        f"{tuned}\n"
        f"{searches} searches{scaled} x {search_config.trials} nets, which"
        f"{' with tuning' if tuning else ''} take {most}as long as {runs + tuning:.0f} runs of"
        f" {base.info.steps:,} steps\n"
        f"then what each found is trained anew, at most {last} runs, and tested once"
    )


def _settings_of_each(study: StudyConfig) -> int:
    """Returns with how many settings each net of a search is tried at first."""
    return len(halving.points(study.tune)) if study.search.rates == "trial" else 1


def _processes(study: StudyConfig, base: Variant) -> int:
    """Returns in how many processes the nets of a search are trained."""
    search_config = study.search
    nets = (
        len(methods_of(search_config))
        * len(search_config.strata)
        * search_config.repeats
        * search_config.generation
    )
    macs = search_config.macs or base.info.macs
    runs = (
        nets
        * rungs.cost(search_config.trials, search_config.shares, search_config.keep)
        / max(1, search_config.generation)
    )
    work = runs * macs * base.info.steps * base.config.train.batch_size
    return process_count.for_work(study, nets, work * _settings_of_each(study))
