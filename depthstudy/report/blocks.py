"""What a page is made of: sections as values, whose blocks one template each renders.

A section says what is shown and in which order; how a block looks stands in its template,
``templates/blocks/NAME.html``, which is named after its class.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Literal

from depthstudy.report.charts.panel import Panel

Color = str  # as ``palette`` names it


@dataclasses.dataclass(frozen=True)
class Text:
    """A paragraph and its class; text is escaped unless it is ``markupsafe.Markup``."""

    text: str
    look: str = ""


@dataclasses.dataclass(frozen=True)
class Heading:
    """A heading within a section."""

    text: str


@dataclasses.dataclass(frozen=True)
class Items:
    """A list of sentences, each with the color of its square or without one."""

    items: tuple[tuple[str, Color], ...]
    look: str

    @classmethod
    def plain(cls, sentences: Sequence[str], look: str) -> Items:
        """Returns a list without colors."""
        return cls(tuple((sentence, "") for sentence in sentences), look)


@dataclasses.dataclass(frozen=True)
class Row:
    """A row of a table: its heading, its cells, and what stands small below the heading.

    Attributes:
      label: Heading of the row.
      cells: Its cells; with none it heads the rows below it.
      note: Small text below the heading.
      title: What a pointer over the heading shows.
      mark: A sign after the heading.
    """

    label: str
    cells: tuple[str | Cell, ...] = ()
    note: str = ""
    title: str = ""
    mark: str = ""


@dataclasses.dataclass(frozen=True)
class Cell:
    """A cell with small text below, or a sign after, what it says."""

    text: str
    note: str = ""
    mark: str = ""


@dataclasses.dataclass(frozen=True)
class Table:
    """A table that scrolls sideways where the page is narrow.

    Attributes:
      header: Titles of the columns, the one of the row headings first.
      rows: Its rows.
      look: Class of the style sheet.
      colors: Of the titles after the first, where they have any.
    """

    header: tuple[str, ...]
    rows: tuple[Row, ...]
    look: str = ""
    colors: tuple[Color, ...] = ()

    @property
    def span(self) -> int:
        """Columns below the last title."""
        return max((len(row.cells) for row in self.rows), default=0) + 2 - len(self.header)


@dataclasses.dataclass(frozen=True)
class Mark:
    """An entry of a key: a shape that ``key.html`` draws, in a color, and what it stands for."""

    label: str
    shape: str = "line"
    color: Color = "var(--ink)"


@dataclasses.dataclass(frozen=True)
class Key:
    """What the colors and lines of the charts below stand for."""

    marks: tuple[Mark, ...]
    title: str = ""
    look: str = ""


@dataclasses.dataclass(frozen=True)
class Ramp:
    """The colors of a map, from one end of its values to the other."""

    low: str
    high: str
    colors: tuple[Color, ...]


@dataclasses.dataclass(frozen=True)
class Charts:
    """Charts side by side.

    Attributes:
      panels: What is drawn.
      columns: In how many columns, where the page is wide.
      captions: A sentence below each chart, or none at all.
      beside: Blocks that stand in the place of a last chart.
    """

    panels: tuple[Panel, ...]
    columns: Literal["one", "two", "three"] = "three"
    captions: tuple[str, ...] = ()
    beside: tuple[Block, ...] = ()


@dataclasses.dataclass(frozen=True)
class Figure:
    """Blocks that belong together, with a caption below them."""

    blocks: tuple[Block, ...]
    caption: str = ""


@dataclasses.dataclass(frozen=True)
class Details:
    """Blocks that are folded away below a line."""

    summary: str
    blocks: tuple[Block, ...]
    look: str = ""


@dataclasses.dataclass(frozen=True)
class Fold:
    """A part of a section under a heading of its own, which may be open at first."""

    title: str
    summary: str
    blocks: tuple[Block, ...]
    is_open: bool


@dataclasses.dataclass(frozen=True)
class Facts:
    """Short facts, each under its name."""

    facts: tuple[tuple[str, str], ...]


@dataclasses.dataclass(frozen=True)
class Code:
    """Text as it was typed or as a file holds it."""

    text: str


@dataclasses.dataclass(frozen=True)
class Command:
    """The command line that made the page, with a button that copies it."""

    text: str


@dataclasses.dataclass(frozen=True)
class Files:
    """Links to the files beside the page.

    Attributes:
      title: What they are, as ``"Tables"``.
      tables: Names of tables.
      figures: Name of the folder of figures.
    """

    title: str
    tables: tuple[str, ...]
    figures: str


@dataclasses.dataclass(frozen=True)
class Lede:
    """What the page is about, below its title."""

    text: str


@dataclasses.dataclass(frozen=True)
class Nets:
    """The nets of the page with their colors: of each its name, its color and what it is."""

    nets: tuple[tuple[str, Color, str], ...]


@dataclasses.dataclass(frozen=True)
class Verdicts:
    """A card for each hypothesis."""

    cards: tuple[Verdict, ...]


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What a study says of a hypothesis: the word, its sign, the claim and the evidence."""

    word: str
    symbol: str
    statement: str
    sentence: str


@dataclasses.dataclass(frozen=True)
class Findings:
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
class Front:
    """The nets of the Pareto front by their number in the chart: color, label, text."""

    nets: tuple[tuple[Color, str, str], ...]


@dataclasses.dataclass(frozen=True)
class Sentences:
    """What is said of nets: name, color and text of each; ``named`` where there are several."""

    sentences: tuple[tuple[str, Color, str], ...]
    named: bool
    look: Literal["finding", ""] = "finding"


Block = (
    Text | Heading | Items | Table | Key | Ramp | Charts | Figure | Details | Fold | Facts | Code
    | Command | Files | Lede | Nets | Verdicts | Findings | Front | Sentences
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Picture:
    """Charts of a section as a file that stands alone.

    Attributes:
      name: Of the file, without suffix.
      title: Title of the whole.
      notes: Lines below the title.
      panels: What it shows.
      columns: Panels in a row.
      width: Pixels of a panel without its axis.
      key: Names of colors and the colors, where the panels do not name them.
      as_png: Whether there is a file of pixels, too.
    """

    name: str
    title: str
    notes: tuple[str, ...]
    panels: tuple[Panel, ...]
    columns: int
    width: int
    key: tuple[tuple[str, Color], ...] = ()
    as_png: bool = False


@dataclasses.dataclass(frozen=True)
class Section:
    """A section of a page.

    Attributes:
      title: Its heading.
      blocks: What it shows, from top to bottom.
      pictures: Its charts as files.
      look: Class of a box around it, or ``""``.
    """

    title: str
    blocks: tuple[Block, ...]
    pictures: tuple[Picture, ...] = ()
    look: str = ""


@dataclasses.dataclass(frozen=True)
class Page:
    """A page: its title, what stands below it, and its sections."""

    title: str
    header: tuple[Block, ...]
    sections: tuple[Section, ...]
