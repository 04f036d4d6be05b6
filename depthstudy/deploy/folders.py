"""The net of a run, or the one that a study recommends, loaded from its folder alone."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path

from absl import logging

from depthstudy import arch, config, data, nets, store
from depthstudy.deploy.net import TrainedNet
from depthstudy.errors import DamagedError, InputError
from depthstudy.store import Outcome, RunInfo, RunStore

_SEED = re.compile(r"seed(\d+)")  # not a copy that someone keeps beside it


def load(folder: str | Path, step: int | None = None) -> TrainedNet:
    """Returns the net of a run, or the one that a study recommends.

    >>> net = load("results/quickstart")  # doctest: +SKIP
    >>> net.predict(["one.png", "two.png"]).frame()  # doctest: +SKIP

    Of a study it is the net of ``recommendation.json`` and, of its seeds, the one with the least
    validation error (the first where nothing was held out).

    Args:
      folder: The folder of a run, as ``"results/quickstart/runs/plain_depth8/seed0"``, or of a
        study, as ``"results/quickstart"``; or its address in a bucket, ``"s3://BUCKET/quickstart"``.
      step: The checkpoint; ``None`` is the last.

    Raises:
      InputError: The folder holds neither, or a study that is not finished or recommends no net.
    """
    folder = store.bucket.read_from(folder)
    if RunStore(folder).read_info() is None:
        if store.read_info(folder) is not None:
            folder = recommended_run(folder)
        elif runs := sorted(folder.glob("runs/*/seed*")):
            raise InputError(
                f"{folder} holds a study that is not finished; give its command again, or name a"
                f" run, as {runs[0]}"
            )
    return load_run(folder, step)


def recommended_run(study: Path) -> Path:
    """Returns the run folder of the net that a study recommends.

    Raises:
      InputError: It recommends none, or no run of that net is finished.
    """
    info, recommendation = store.read_info(study), store.read_recommendation(study)
    assert info is not None, study
    runs = {variant.name: variant.same_as or variant.name for variant in info.variants}
    if recommendation is not None:
        name = recommendation.variant
    elif len(runs) == 1:
        (name,) = runs
    else:
        raise InputError(
            f"{study} recommends no net; name a run, as {study}/runs/{next(iter(runs))}/seed0"
        )
    seeds = {
        int(match[1]): folder
        for folder in (study / "runs" / runs[name]).glob("seed*")
        if (match := _SEED.fullmatch(folder.name))
    }
    finished = {
        folder: outcome
        for _, folder in sorted(seeds.items())
        if (outcome := RunStore(folder).read_outcome()) and outcome.status == "finished"
    }
    if not finished:
        raise InputError(f"{study} has no finished run of {name}, the net that it recommends")
    metric = info.config.get("metric", "error")
    return min(finished, key=lambda folder: _validation_error(finished[folder], metric))


def _validation_error(outcome: Outcome, metric: str) -> float:
    error = outcome.error("validation", metric)
    return math.inf if error is None else error


def load_run(folder: str | Path, step: int | None = None) -> TrainedNet:
    """Returns the net of a run folder at a checkpoint; the run may still be in training.

    Args:
      folder: The run folder.
      step: The checkpoint; ``None`` is the last.

    Raises:
      InputError: The folder holds no run or no such checkpoint, or it is of a version that stored
        no preprocessing, and the images are not at hand.
    """
    run = RunStore(store.bucket.read_from(folder))
    info = read_info(run.folder)
    step, _ = choose_step(run, step)
    stored = info.preprocessing
    return TrainedNet(
        network=nets.build(arch.spec_from_json(info.arch)),
        variables=run.checkpoints.variables(step, info),
        preprocessing=data.Preprocessing.from_dict(stored)
        if stored
        else data.load(config.parse(info.config).data).preprocessing,
        classes=info.class_names,
        folder=run.folder,
        step=step,
    )


def read_info(folder: str | Path) -> RunInfo:
    """Returns what a run is.

    Raises:
      InputError: The folder holds no run.
    """
    info = RunStore(Path(folder)).read_info()
    if info is None:
        raise InputError(
            f"{folder} holds no run; a run folder is as results/NAME/runs/VARIANT/seed0, in the "
            "folder of its study"
        )
    return info


def choose_step(run: RunStore, step: int | None) -> tuple[int, tuple[int, ...]]:
    """Returns the step of a whole checkpoint, and those of later ones, which are damaged.

    It is ``step``, or for ``None`` the last that is whole; a damaged one is named in a warning.

    Raises:
      DamagedError: The checkpoint of this step, or every one, is not as it was written.
      InputError: There is no such checkpoint.
    """
    while True:
        steps = run.checkpoints.all_steps()
        try:
            return _choose_step(run, step, steps)
        except DamagedError:
            if step is not None or steps == run.checkpoints.all_steps():
                raise  # else those that were there made room for others meanwhile


def _choose_step(
    run: RunStore, step: int | None, steps: Sequence[int]
) -> tuple[int, tuple[int, ...]]:
    if not steps or (step is not None and step not in steps):
        at = "" if step is None else f" at step {step}"
        others = f"its checkpoints: {', '.join(map(str, steps))}" if steps else "it has none yet"
        raise InputError(f"{run.folder} has no checkpoint{at}; {others}")
    damaged: list[int] = []
    for candidate in reversed(steps) if step is None else [step]:
        damage = run.checkpoints.damage(candidate)
        if not damage:
            return candidate, tuple(damaged)
        if step is None:
            logging.warning("%s; the one before it is taken", damage)
        damaged.append(candidate)
    left = [str(other) for other in steps if other not in damaged]
    raise DamagedError(
        f"{damage}; other checkpoints of the run: {', '.join(left) or 'none that is whole'}"
    )
