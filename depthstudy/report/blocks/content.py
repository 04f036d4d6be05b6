"""Blocks that sections are made of: text, lists, keys, charts, and blocks that hold others."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Sequence
from typing import Literal

from depthstudy.report.blocks.block import Block
from depthstudy.report.charts.panel import ChartPanel
from depthstudy.report.text.palette import Color


@dataclasses.dataclass(frozen=True)
class Text(Block):
    """A paragraph and its class; text is escaped unless it is ``markupsafe.Markup``."""

    text: str
    look: str = ""


@dataclasses.dataclass(frozen=True)
class Heading(Block):
    """A heading within a section."""

    text: str


@dataclasses.dataclass(frozen=True)
class Items(Block):
    """A list of sentences, each with the color of its square or without one."""

    items: tuple[tuple[str, Color], ...]
    look: str

    @classmethod
    def plain(cls, sentences: Sequence[str], look: str) -> Items:
        """Returns a list without colors."""
        return cls(tuple((sentence, "") for sentence in sentences), look)


@dataclasses.dataclass(frozen=True)
class Mark:
    """An entry of a key: a shape that ``key.html`` draws, in a color, and what it stands for."""

    label: str
    shape: str = "line"
    color: Color = "var(--ink)"


@dataclasses.dataclass(frozen=True)
class Key(Block):
    """What the colors and lines of the charts below stand for."""

    marks: tuple[Mark, ...]
    title: str = ""
    look: str = ""


@dataclasses.dataclass(frozen=True)
class Ramp(Block):
    """The colors of a map, from one end of its values to the other."""

    low: str
    high: str
    colors: tuple[Color, ...]


@dataclasses.dataclass(frozen=True)
class Charts(Block):
    """Charts side by side.

    Attributes:
      panels: What is drawn.
      columns: In how many columns, where the page is wide.
      captions: A sentence below each chart, or none at all.
      beside: Blocks that stand in the place of a last chart.
    """

    panels: tuple[ChartPanel, ...]
    columns: Literal["one", "two", "three"] = "three"
    captions: tuple[str, ...] = ()
    beside: tuple[Block, ...] = ()


@dataclasses.dataclass(frozen=True)
class Figure(Block):
    """Blocks that belong together, with a caption below them."""

    blocks: tuple[Block, ...]
    caption: str = ""


@dataclasses.dataclass(frozen=True)
class Details(Block):
    """Blocks that are folded away below a line."""

    summary: str
    blocks: tuple[Block, ...]
    look: str = ""


@dataclasses.dataclass(frozen=True)
class Fold(Block):
    """A part of a section under a heading of its own, which may be open at first."""

    title: str
    summary: str
    blocks: tuple[Block, ...]
    is_open: bool


@dataclasses.dataclass(frozen=True)
class Facts(Block):
    """Short facts, each under its name."""

    facts: tuple[tuple[str, str], ...]


@dataclasses.dataclass(frozen=True)
class Code(Block):
    """Text as it was typed or as a file holds it."""

    text: str


@dataclasses.dataclass(frozen=True)
class Command(Block):
    """A command line, with a button that copies it."""

    text: str


@dataclasses.dataclass(frozen=True)
class Image(Block):
    """A picture in the page itself.

    Attributes:
      png: The file.
      text: What it shows, for those who do not see it.
      least_width: In pixels; on a narrower page one scrolls across it.
    """

    png: bytes
    text: str
    least_width: int = 0

    @property
    def source(self) -> str:
        """The file as an address."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode()}"


@dataclasses.dataclass(frozen=True)
class Files(Block):
    """Links to the files beside the page.

    Attributes:
      title: What they are, as ``"Tables"``.
      tables: Names of tables.
      figures: Name of the folder of figures, or ``""``.
    """

    title: str
    tables: tuple[str, ...]
    figures: str
