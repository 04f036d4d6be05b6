"""What of a study fits into a time: fewer seeds first, then fewer depths, and it is said before.

What was chosen is kept in the folder, so that the same command goes on with the same plan whatever
the machine is doing when it is given again.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from depthstudy import store
from depthstudy.config import StudyConfig, parse_duration
from depthstudy.errors import InputError
from depthstudy.evidence.panel import LEAST_SEEDS
from depthstudy.plan import Datasets, Variant, prepare
from depthstudy.study.forecast.estimate import Estimator, duration

_KEPT = "time_budget.json"
_REFITTED = "what fits is chosen anew, and may be more or less than what was begun"
_DEPTH = "model.depth"


@dataclasses.dataclass(frozen=True)
class _Kept:
    """A choice: the config that was asked for as JSON, and what fits."""

    asked: str
    seeds: int
    depths: tuple[int, ...]
    line: str


class Fitted(NamedTuple):
    """A study that fits.

    Attributes:
      study: Its config.
      variants: Its plan.
      line: What was left out, and how long it takes; ``""`` where no time was given.
    """

    study: StudyConfig
    variants: tuple[Variant, ...]
    line: str = ""


def fit(study: StudyConfig, variants: Sequence[Variant], workdir: Path | None = None) -> Fitted:
    """Returns what of a study fits into ``config.time_budget``.

    Args:
      study: Its config, checked.
      variants: Its plan.
      workdir: Its folder, in which an earlier choice may be kept; nothing is written there.

    Raises:
      InputError: Not even the least seeds of two depths fit, or the study is done elsewhere.
    """
    if study.time_budget is None:
        return Fitted(study, tuple(variants))
    if study.executor == "ray":
        raise InputError(
            "config.time_budget fits a study to this machine, whose steps are timed, and "
            "config.executor='ray' trains on others; leave one of them out"
        )
    kept = None if workdir is None else store.read_earlier_json(workdir / _KEPT, _Kept, _REFITTED)
    if kept is not None and kept.asked == _as_text(study):
        reduced = _reduced(study, kept.seeds, kept.depths)
        fitted = prepare(reduced, datasets=_loaded(variants))
        return Fitted(*fitted, kept.line)
    return _fit(study, variants, parse_duration(study.time_budget, "time_budget"))


def keep(asked: StudyConfig, fitted: Fitted, workdir: Path) -> None:
    """Keeps what fits in the folder of a study, for the next call; does so under its lock.

    Args:
      asked: The config that ``fit`` was given.
      fitted: What it returned.
      workdir: The folder.
    """
    if asked.time_budget is not None:
        study = fitted.study
        choice = _Kept(_as_text(asked), study.seeds, _depths(study), fitted.line)
        store.write_json(workdir / _KEPT, dataclasses.asdict(choice))


def _as_text(study: StudyConfig) -> str:
    return json.dumps(dataclasses.asdict(study), sort_keys=True)


def _fit(study: StudyConfig, variants: Sequence[Variant], seconds: int) -> Fitted:
    estimator = Estimator(variants)
    whole = estimator.whole_seconds(study, variants)
    least, datasets = whole, _loaded(variants)
    for smaller in _candidates(study):
        is_whole = smaller == study
        planned, plan = (
            (study, tuple(variants)) if is_whole else prepare(smaller, datasets=datasets)
        )
        least = estimator.whole_seconds(planned, plan)
        if least <= seconds:
            return Fitted(planned, plan, _line(study, planned, whole, least))
    raise InputError(
        f"config.time_budget={study.time_budget!r} is too short: with the fewest seeds and two "
        f"depths the study may take {duration(least)}, and as it is {duration(whole)}"
    )


def _loaded(variants: Sequence[Variant]) -> Datasets:
    """Returns the sets of a plan, so that a smaller one reads no image again."""
    return Datasets({variant.given.data: variant.dataset for variant in variants})


def _candidates(study: StudyConfig) -> Iterator[StudyConfig]:
    """Yields the study with fewer seeds, then, with the fewest, without its greatest depths."""
    least = min(study.seeds, LEAST_SEEDS if study.hypotheses else 1)
    depths = _depths(study)
    for seeds in range(study.seeds, least - 1, -1):
        yield _reduced(study, seeds, depths)
    for count in range(len(depths) - 1, 1, -1):
        yield _reduced(study, least, depths[:count])


def _reduced(study: StudyConfig, seeds: int, depths: tuple[int, ...]) -> StudyConfig:
    left_out = set(_depths(study)) - set(depths)
    sweep = tuple(
        (field, tuple(value for value in values if field != _DEPTH or value not in left_out))
        for field, values in study.sweep
    )
    return dataclasses.replace(study, seeds=seeds, sweep=sweep)


def _depths(study: StudyConfig) -> tuple[int, ...]:
    """Returns the depths that are swept over, ascending; none where other fields are.

    ``None``, the depth that a family begins with, is not one of them: it is never left out.
    """
    depths = dict(study.sweep).get(_DEPTH, ())
    return tuple(sorted(depth for depth in depths if isinstance(depth, int)))


def _line(asked: StudyConfig, planned: StudyConfig, whole: float, seconds: float) -> str:
    left_out = [str(depth) for depth in _depths(asked) if depth not in _depths(planned)]
    parts = []
    if planned.seeds < asked.seeds:
        parts.append(f"{planned.seeds} of {asked.seeds} seeds")
    if left_out:
        parts.append(f"no nets of depth {', '.join(left_out)}")
    if not parts:
        parts.append("all of it fits")
    uncounted = ["probes"] * bool(asked.probes)
    uncounted += ["seeds that are added"] * (asked.seeds_until_settled is not None)
    line = f"time budget {asked.time_budget}: {' and '.join(parts)}, in about {duration(seconds)}"
    line += f", {' and '.join(uncounted)} not counted" if uncounted else ""
    if planned == asked:
        return line
    return f"{line}; the whole study takes about {duration(whole)}"
