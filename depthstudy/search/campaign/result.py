"""Where nets were looked for, and what was found there."""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Mapping, Sequence

from depthstudy.config import SearchConfig, Settings
from depthstudy.records import RANDOM, SearchedNet
from depthstudy.search.space.draws import FinishedTrial, Method


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a net was looked for.

    Attributes:
      method: What proposes nets, or ``"scaled"``.
      stratum: The depths, as ``"4 to 9"``, or a family.
      repeat: Which repetition.
    """

    method: str
    stratum: str
    repeat: int = 0

    @property
    def name(self) -> str:
        """Its name in the journal."""
        return f"{self.method}, {self.stratum}, {self.repeat}"


def methods_of(search: SearchConfig) -> tuple[Method, ...]:
    """Returns the method of a search, and random search where that is another."""
    return (search.method,) if search.method == RANDOM else (search.method, "random")


def seed_of(search: SearchConfig, place: Place) -> int:
    """Returns the seed of a search, which no other one has."""
    return zlib.crc32(f"{search.seed}, {place.name}".encode())


@dataclasses.dataclass(frozen=True, eq=False)
class CampaignResult:
    """What the searches of a study found.

    Attributes:
      rows: Every net that was tried.
      winners: The net that each search chose, with its learning rate.
      errors: The validation error of each of these, after the full training.
      rates: The tuned settings of each stratum and family.
      finished_trials: What each search was told, by its place.
    """

    rows: tuple[SearchedNet, ...]
    winners: Mapping[Place, Settings]
    errors: Mapping[Place, float]
    rates: Mapping[str, Settings]
    finished_trials: Mapping[Place, Sequence[FinishedTrial]]


def label(stratum: tuple[int, int]) -> str:
    """Returns how a stratum is called.

    >>> label((4, 9))
    '4 to 9'
    """
    return f"{stratum[0]} to {stratum[1]}"
