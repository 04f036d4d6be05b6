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
_DEPTH_FACTORS = (0.1, 0.25, 0.35, 0.5, 0.75, 1.0, 1.4, 2.0, 3.0)
_NONE = ("dropout", "stochastic_depth")  # which no other net of a search has


def members(family: str, search: SearchConfig, prices: Prices) -> list[Settings]:
    """Returns members of a family, from shallow to deep, as many as a stratum has trials.

    Raises:
      InputError: There is no such family, no limit on multiply-accumulates, or no such member.
    """
    if family not in arch.FAMILIES:
        arch.build(family)  # says which there are
    if search.macs is None:
        raise InputError("config.search.families needs config.search.macs, to scale families to")
    least = min(low for low, _ in search.strata)
    most = max(high for _, high in search.strata)
    limits = Limits((least, most), search.macs, search.parameters)
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


def _depths(family: str, least: int, most: int) -> list[Settings]:
    options = inspect.signature(arch.FAMILIES[family]).parameters
    if "depth" in options:
        return [(("model.depth", depth),) for depth in range(least, most + 1)]
    if "depth_multiplier" in options:
        return [(("model.depth_multiplier", factor),) for factor in _DEPTH_FACTORS]
    return [()]


def _widest(family: str, depth: Settings, limits: Limits, prices: Prices) -> Settings | None:
    """Returns the widest member of a depth within limits; width is searched by halves."""
    options = inspect.signature(arch.FAMILIES[family]).parameters
    name = "width" if "width" in options else "width_multiplier"
    if name not in options:
        raise InputError(f"config.search.families: {family} has no width to scale")
    small = "layout" in options and "layout" not in STARTING_OPTIONS.get(family, {})
    fixed: Settings = (
        ("model.family", family),
        *((("model.layout", "small"),) if small else ()),
        *((f"model.{option}", 0.0) for option in _NONE if option in options),
        *depth,
    )
    best, widths = None, _WIDTHS if name == "width" else _FACTORS
    low, high = 0, len(widths) - 1
    while low <= high:
        middle = (low + high) // 2
        settings: Settings = (*fixed, (f"model.{name}", widths[middle]))
        try:
            problem = limits.problem(prices.cost(settings), side=1)
        except InputError:
            return None
        if problem is None:
            best, low = settings, middle + 1
        elif problem[0] == "depth":
            return None
        else:
            high = middle - 1
    return best
