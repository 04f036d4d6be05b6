"""A space with a known best: errors by a formula, and noise as that of seeds."""

from __future__ import annotations

import zlib

import numpy as np

from depthstudy.config import Settings
from depthstudy.search import Gene, Genome, Space
from depthstudy.search.space.draws import Priced, Pricing, Rejected

BUDGET = 60
BEST_DEPTH = 18
SPACE = Space(
    (
        Gene("depth", tuple(range(2, 41, 2))),
        Gene("width", tuple(range(1, 17))),
        *(Gene(f"kind{stage}", tuple("abcde")) for stage in range(4)),
        *(Gene(f"gate{stage}", (0, 4, 16)) for stage in range(2)),
    )
)


def cost(net: Settings) -> float:
    """Returns a cost that grows with depth and width."""
    given = dict(net)
    return 0.3 * float(given["depth"]) * float(given["width"])  # type: ignore[arg-type]


def true_error(net: Settings) -> float:
    """Returns an error that is least at a depth, falls with width, and hangs on kinds and gates."""
    given = dict(net)
    off = (float(given["depth"]) - BEST_DEPTH) / 14  # type: ignore[arg-type]
    thin = 1 / float(given["width"])  # type: ignore[arg-type]
    kinds = sum(0.015 * "abcde".index(str(given[f"kind{stage}"])) for stage in range(4))
    gates = sum(0.01 * (given[f"gate{stage}"] == 0) for stage in range(2))
    return 0.05 + 0.08 * off**2 + 0.1 * thin + kinds + gates


def error(net: Settings, spread: float = 0.01, seed: int = 0) -> float:
    """Returns the error with the noise of one seed, the same whenever it is asked for."""
    draw = np.random.default_rng(zlib.crc32(f"{net} {seed}".encode()))
    return float(true_error(net) + draw.normal(0, spread))


def pricing(budget: float = BUDGET, depth: tuple[int, int] = (2, 40)) -> Pricing:
    """Returns what turns down nets beyond a budget or outside some depths."""

    def price(genome: Genome) -> Priced | Rejected:
        value = cost(genome)
        if not depth[0] <= dict(genome)["depth"] <= depth[1]:  # type: ignore[operator]
            return Rejected("depth", 0.5, value)
        if value > budget:
            return Rejected("macs", value / budget - 1, value)
        return Priced(genome, value)

    return price
