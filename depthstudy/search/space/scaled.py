"""Members of a family at about equal cost: of each depth the widest that is within the limits.

They may be as deep as the searched nets, and no deeper.

They are what a search has to beat, as they are made by hand in seconds (Tan & Le 2019, arXiv
1905.11946; Bello et al. 2021, arXiv 2103.07579).
"""

from __future__ import annotations

import inspect

from depthstudy import arch
from depthstudy.config import SearchConfig, Settings
from depthstudy.errors import InputError
from depthstudy.plan import STARTING_OPTIONS
from depthstudy.search.space.pricing import Limits, Prices

_WIDTHS = tuple(range(4, 129))
_FACTORS = tuple(round(0.1 + 0.05 * step, 2) for step in range(60))
_USUAL = {"width": 64, "width_multiplier": 1.0}  # which every family has
_DEPTH_FACTORS = (0.1, 0.25, 0.35, 0.5, 0.75, 1.0, 1.4, 2.0, 3.0)
_OF_THE_DEPTH = ("depth", "receptive field")  # limits that no other width keeps to
_NONE = ("dropout", "stochastic_depth")  # which no other net of a search has


def members(family: str, search: SearchConfig, prices: Prices) -> list[Settings]:
    """Returns members of a family, from shallow to deep, as many as a stratum has trials.

    Raises:
      InputError: There is no such family, no limit on multiply-accumulates, or no such member.
    """
    check(family, search)
    least = min(low for low, _ in search.strata)
    most = max(high for _, high in search.strata)
    limits = Limits.of(search, (least, most))
    by_depth: dict[int, Settings] = {}
    for depth in _depths(family, least, most):
        settings = _widest(family, depth, limits, prices)
        if settings is not None:
            by_depth.setdefault(prices.cost(settings).depth, settings)
    if not by_depth:
        prices.cost((("model.family", family),))  # says so where the config has other options
        raise InputError(f"config.search.families: no {family} is within the limits of the search")
    every = [by_depth[depth] for depth in sorted(by_depth)]
    count = min(search.trials, len(every))
    places = [round(i * (len(every) - 1) / max(1, count - 1)) for i in range(count)]
    return [every[place] for place in dict.fromkeys(places)]


def check(family: str, search: SearchConfig) -> None:
    """Raises InputError where there is no such family, no width of it, or no limit to scale to."""
    if family not in arch.families():
        arch.build(family)  # says which there are
    if family not in arch.FAMILIES:
        raise InputError(f"config.search.families: {family} is no family of classifiers")
    if _width_of(family) is None:
        raise InputError(f"config.search.families: {family} has no width to scale")
    if search.macs is None:
        raise InputError("config.search.families needs config.search.macs, to scale families to")


def _width_of(family: str) -> str | None:
    options = inspect.signature(arch.FAMILIES[family]).parameters
    return next((name for name in _USUAL if name in options), None)


def _depths(family: str, least: int, most: int) -> list[Settings]:
    options = inspect.signature(arch.FAMILIES[family]).parameters
    if "depth" in options:
        return [(("model.depth", depth),) for depth in range(least, most + 1)]
    if "depth_multiplier" in options:
        return [(("model.depth_multiplier", factor),) for factor in _DEPTH_FACTORS]
    return [()]


def _widest(family: str, depth: Settings, limits: Limits, prices: Prices) -> Settings | None:
    """Returns the widest member of a depth within limits; width is searched by halves.

    Of some families not every width is a net, as its channels are no whole numbers.
    """
    options = inspect.signature(arch.FAMILIES[family]).parameters
    name = str(_width_of(family))
    small = "layout" in options and "layout" not in STARTING_OPTIONS.get(family, {})
    fixed: Settings = (
        ("model.family", family),
        *((("model.layout", "small"),) if small else ()),
        *((f"model.{option}", 0.0) for option in _NONE if option in options),
        *depth,
    )
    best, widths = None, _WIDTHS if name == "width" else _FACTORS
    members: list[Settings] = [(*fixed, (f"model.{name}", width)) for width in widths]
    if not prices.is_net((*fixed, (f"model.{name}", _USUAL[name]))):
        return None  # for its depth, which would fail at every width
    low, high = 0, len(members) - 1
    while low <= high:
        middle = (low + high) // 2
        nets = (i for i in range(middle, low - 1, -1) if prices.is_net(members[i]))
        place = next(nets, None)
        if place is None:
            low = middle + 1
            continue
        rejected = prices.rejection(members[place], limits)
        if rejected is None:
            best, low = members[place], middle + 1
        elif rejected.reason in _OF_THE_DEPTH:
            return None
        else:
            high = place - 1
    return best
