"""A page and its sections, with the pictures that stand alone as files."""

from __future__ import annotations

import dataclasses
import re

from depthstudy.report.blocks.content import Block
from depthstudy.report.charts.panel import ChartPanel
from depthstudy.report.text.palette import Color


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
    panels: tuple[ChartPanel, ...]
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

    A box of class ``"first"`` stands above the table of contents, and is no entry of it.
    """

    title: str
    blocks: tuple[Block, ...]
    pictures: tuple[Picture, ...] = ()
    look: str = ""

    @property
    def anchor(self) -> str:
        """What a link to it ends with."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")


@dataclasses.dataclass(frozen=True)
class Page:
    """A page: its title, what stands below it, and its sections."""

    title: str
    header: tuple[Block, ...]
    sections: tuple[Section, ...]
