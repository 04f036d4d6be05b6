"""Tables: a heading and cells for each row."""

from __future__ import annotations

import dataclasses

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
