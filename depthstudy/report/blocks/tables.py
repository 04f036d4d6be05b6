"""Tables: a heading and cells for each row."""

from __future__ import annotations

import dataclasses

from depthstudy.report.blocks.block import Block
from depthstudy.report.text.palette import Color


@dataclasses.dataclass(frozen=True)
class Row:
    """A row of a table: its heading, its cells, and what stands small below the heading.

    Attributes:
      label: Heading of the row.
      cells: Its cells; with none it heads the rows below it.
      note: Small text below the heading.
      title: What a pointer over the heading shows.
      mark: A sign after the heading.
      is_marked: Whether the row stands out, as that of the recommended net.
    """

    label: str
    cells: tuple[str | Cell, ...] = ()
    note: str = ""
    title: str = ""
    mark: str = ""
    is_marked: bool = False


@dataclasses.dataclass(frozen=True)
class Cell:
    """A cell with small text below, or a sign after, what it says.

    Attributes:
      text: What it says.
      note: Small text below.
      mark: A sign after it.
      key: The number by which its column is sorted; ``None`` takes the one that the text begins
        with.
    """

    text: str
    note: str = ""
    mark: str = ""
    key: float | None = None


@dataclasses.dataclass(frozen=True)
class Table(Block):
    """A table that scrolls sideways where the page is narrow.

    Attributes:
      header: Titles of the columns, the one of the row headings first.
      rows: Its rows.
      look: Class of the style sheet.
      colors: Of the titles after the first, where they have any.
      sortable: Whether a click on a title sorts the rows.
    """

    header: tuple[str, ...]
    rows: tuple[Row, ...]
    look: str = ""
    colors: tuple[Color, ...] = ()
    sortable: bool = False

    @property
    def span(self) -> int:
        """Columns below the last title."""
        return max((len(row.cells) for row in self.rows), default=0) + 2 - len(self.header)
