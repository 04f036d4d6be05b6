"""Blocks of their own kind: what a page is about, cards of verdicts and findings, the front."""

from __future__ import annotations

import dataclasses
from typing import Literal

from depthstudy.report.blocks.block import Block
from depthstudy.report.text.palette import Color


@dataclasses.dataclass(frozen=True)
class Lede(Block):
    """What the page is about, below its title."""

    text: str


@dataclasses.dataclass(frozen=True)
class Nets(Block):
    """The nets of the page with their colors: of each its name, its color and what it is."""

    nets: tuple[tuple[str, Color, str], ...]


@dataclasses.dataclass(frozen=True)
class Verdicts(Block):
    """A card for each hypothesis."""

    cards: tuple[Verdict, ...]


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What a study says of a hypothesis.

    Attributes:
      word: The verdict.
      symbol: Its sign.
      statement: The claim.
      sentence: What was seen.
      meaning: What it means for the reader, or ``""``.
      numbers: What is folded away below.
    """

    word: str
    symbol: str
    statement: str
    sentence: str
    meaning: str = ""
    numbers: tuple[Block, ...] = ()


@dataclasses.dataclass(frozen=True)
class Findings(Block):
    """A card for each check of the nets of an analysis."""

    cards: tuple[FindingCard, ...]


@dataclasses.dataclass(frozen=True)
class FindingCard:
    """A check: its name, what it says of each net, and what it asks."""

    name: str
    sides: tuple[Side, ...]
    note: str


@dataclasses.dataclass(frozen=True)
class Side:
    """What a check says of one net; ``net`` is ``""`` where there is one only."""

    net: str
    color: Color
    state: str
    sign: str
    text: str


@dataclasses.dataclass(frozen=True)
class Front(Block):
    """The nets of the Pareto front by their number in the chart: color, label, text."""

    nets: tuple[tuple[Color, str, str], ...]


@dataclasses.dataclass(frozen=True)
class Sentences(Block):
    """What is said of nets: name, color and text of each; ``named`` where there are several."""

    sentences: tuple[tuple[str, Color, str], ...]
    named: bool
    look: Literal["finding", ""] = "finding"


@dataclasses.dataclass(frozen=True)
class Replies(Block):
    """Questions of the first screen with their answers."""

    replies: tuple[Reply, ...]


@dataclasses.dataclass(frozen=True)
class Reply:
    """An answer: the question in a word or two, the answer in a few, and what it rests on.

    Attributes:
      question: The question.
      word: The answer, in large letters; ``""`` where the text says all.
      tone: Class of its color: ``"yes"``, ``"no"``, ``"open"`` or ``""``.
      text: What it rests on.
      more: What stands below it.
    """

    question: str
    word: str
    tone: str
    text: str
    more: tuple[Block, ...] = ()


@dataclasses.dataclass(frozen=True)
class Gallery(Block):
    """Small pictures side by side, each with what is said of it."""

    shots: tuple[Shot, ...]


@dataclasses.dataclass(frozen=True)
class Shot:
    """A small picture: its source, what it shows, what stands below, and a sign or ``""``."""

    source: str
    title: str
    note: str
    mark: str = ""
