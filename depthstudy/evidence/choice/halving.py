"""Which settings to try next for a net, and which to take: successive halving on validation error.

Every variant gets the same number of trials (Sivaprasad et al. 2020, arXiv 1910.11758). Up to five
settings are all tried in full. Of more, the first round tries all for a quarter of the training,
the next the better half for half of it, the last the best two in full; each with a whole, short
schedule of its own, since one that is cut off favors low learning rates (successive halving:
Jamieson & Talwalkar 2016, arXiv 1502.07943). For five settings that would save a twentieth, and the
short trials of a deep net may tell nothing: at a quarter of 108 steps all rates of a plain net of
depth 32 err like a guess. Where the best setting lies at an edge of the grid, it is widened, as far
as values fit the field.

All functions here are pure: given what was tried, they say what is next, so that an interrupted
tuning goes on from its finished trials.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction

from depthstudy.config import Settings, Value

_ALL_IN_FULL = 5
MOST_EXTRA = 2  # trials beyond a grid whose edge is best

Grid = tuple[tuple[str, tuple[Value, ...]], ...]  # fields and the values to try


@dataclasses.dataclass(frozen=True)
class Trial:
    """A setting and the share of the full training for which it is tried."""

    settings: Settings
    share: Fraction


Results = Mapping[Trial, float]  # validation error; NaN where the run diverged
Fits = Callable[[Settings], bool]  # whether a net can be trained with settings


def _all_fit(settings: Settings) -> bool:
    return True


def rounds(count: int) -> tuple[tuple[int, Fraction], ...]:
    """Returns how many settings are tried in each round, and for which share of the training.

    >>> [(keep, str(share)) for keep, share in rounds(10)]
    [(10, '1/4'), (5, '1/2'), (2, '1')]
    >>> rounds(5)
    ((5, Fraction(1, 1)),)
    """
    if count <= _ALL_IN_FULL:
        return ((count, Fraction(1)),)
    half = math.ceil(count / 2)
    return (count, Fraction(1, 4)), (half, Fraction(1, 2)), (min(2, half), Fraction(1))


def cost(grid: Grid, extra: int = 0) -> float:
    """Returns the cost of tuning a variant, in trainings of full length.

    >>> cost((("train.learning_rate", (0.003, 0.01, 0.03, 0.1, 0.3)),))
    5.0
    """
    return float(sum(keep * share for keep, share in rounds(len(points(grid))))) + extra


def points(grid: Grid) -> tuple[Settings, ...]:
    """Returns all settings of a grid, the first field slowest."""
    fields = [field for field, _ in grid]
    values = itertools.product(*(values for _, values in grid))
    return tuple(tuple(zip(fields, point, strict=True)) for point in values)


def pending(
    grid: Grid, results: Results, extra: int = 0, fits: Fits = _all_fit
) -> tuple[Trial, ...]:
    """Returns the trials that are next and not done, or none where tuning is complete.

    Args:
      grid: What is tried.
      results: The trials that are done.
      extra: How many trials follow beyond the grid; the same for all variants, so that all have as
        many, but for those whose grid cannot be widened.
      fits: Whether the net can be trained with settings beyond the grid.
    """
    candidates: Sequence[Settings] = points(grid)
    for keep, share in rounds(len(candidates)):
        candidates = candidates[:keep]
        missing = [t for t in (Trial(s, share) for s in candidates) if t not in results]
        if missing:
            return tuple(missing)
        candidates = _ranked(candidates, share, results)
    in_grid = set(points(grid))
    beyond = [trial for trial in results if trial.settings not in in_grid]
    more = _beyond(grid, results, fits) if len(beyond) < extra else None
    return () if more is None else (more,)


def best(grid: Grid, results: Results) -> Settings:
    """Returns the setting with the least validation error among those that were tried in full.

    Raises:
      ValueError: Trials of the grid are missing.
    """
    if pending(grid, results):
        raise ValueError("the tuning is not complete")
    return _best_so_far(grid, results)


def can_widen(grid: Grid, results: Results, fits: Fits = _all_fit) -> bool:
    """Returns whether the best setting lies at an edge of what was tried, and more can be tried."""
    at_edge = edges(_best_so_far(grid, results), results)
    return bool(at_edge) and _beyond(grid, results, fits) is not None


def edges(settings: Settings, results: Results) -> tuple[str, ...]:
    """Returns the fields whose value in ``settings`` is the least or greatest that was tried."""
    tried = [trial.settings for trial in results]
    at_edge: list[str] = []
    for field, value in settings:
        numbers = _numbers(dict(settings)[field] for settings in tried)
        if len(numbers) > 1 and _is_number(value):
            at_edge += [field] if value in (numbers[0], numbers[-1]) else []
    return tuple(at_edge)


def _ranked(candidates: Sequence[Settings], share: Fraction, results: Results) -> list[Settings]:
    """Returns settings by their error, a run that diverged last; at a tie in the grid's order."""

    def error(settings: Settings) -> float:
        value = results[Trial(settings, share)]
        return math.inf if math.isnan(value) else value

    return sorted(candidates, key=error)


def _best_so_far(grid: Grid, results: Results) -> Settings:
    full = [trial.settings for trial in results if trial.share == 1]
    order = {settings: i for i, settings in enumerate(points(grid))}
    return _ranked(sorted(full, key=lambda s: order.get(s, len(order))), Fraction(1), results)[0]


def _beyond(grid: Grid, results: Results, fits: Fits) -> Trial | None:
    """Returns a trial of the first field of numbers beyond the edge at which the best lies.

    Where the best lies within, it is the geometric mean of the best and the next value, so that a
    variant whose grid was wide enough has as many trials as the others. There is none where that
    was tried already, or does not fit.
    """
    settings = _best_so_far(grid, results)
    field = next((f for f, v in settings if _is_number(v) and v > 0), None)  # type: ignore[operator]
    if field is None:
        return None
    tried = _numbers(dict(trial.settings)[field] for trial in results)
    if len(tried) < 2:
        return None
    value = _next_value(tried, tried.index(dict(settings)[field]))  # type: ignore[arg-type]
    more = Trial(tuple((f, value if f == field else v) for f, v in settings), Fraction(1))
    return more if more not in results and fits(more.settings) else None


def _next_value(tried: Sequence[int | float], place: int) -> int | float:
    """Returns a value beside the one at ``place``, beyond where it is the first or the last.

    Values of which all are integers are joined by another, of at least 1.
    """
    best = tried[place]
    if place == 0:
        value = best**2 / tried[1]
    elif place < len(tried) - 1:
        value = math.sqrt(best * tried[place + 1])
    else:
        before = tried[-2]
        value = best**2 / before if before > 0 else 2 * best - before
    rounded = float(f"{value:.3g}")
    whole = all(isinstance(number, int) for number in tried)
    return max(1, round(rounded)) if whole else rounded


def _numbers(values: Iterable[Value]) -> list[int | float]:
    """Returns the numbers among values, each once, in order."""
    return sorted({v for v in values if isinstance(v, int | float) and _is_number(v)})


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
