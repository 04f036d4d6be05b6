"""From the tables of a study to a page that a person reads.

``write``, ``write_analysis`` and ``write_claims`` are the entries. What they need (Altair, Jinja2,
the Vega bundle) is imported when they are called, so that importing this package costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from depthstudy.report.claims import Claim
    from depthstudy.report.tables.comparison import Comparison


def write(workdir: Path) -> Path:
    """Writes ``report.html`` and ``figures/`` from the tables in ``workdir``.

    Args:
      workdir: Folder of a finished study.

    Returns:
      The path of the page: one file that opens with no network.

    Raises:
      InputError: ``workdir`` lacks a table of a finished study.
    """
    from depthstudy.report import page

    return page.write(Path(workdir))


def write_partial(folder: Path, path: Path) -> Path:
    """Writes the page of what a study that is still running has found.

    Args:
      folder: Where its tables are.
      path: Of the page.

    Returns:
      The path.
    """
    from depthstudy.report import page

    return page.write_partial(Path(folder), Path(path))


def write_analysis(folder: Path) -> Path:
    """Writes ``analysis.html`` and ``figures/`` from the tables of an analysis.

    Args:
      folder: Where ``analysis.analyze`` wrote them.

    Returns:
      The path of the page: one file that opens with no network.

    Raises:
      InputError: ``folder`` lacks a table of an analysis.
    """
    from depthstudy.report import page

    return page.write_analysis(Path(folder))


def write_claims(claims: Sequence[Claim], path: Path) -> Path:
    """Writes a document on claims, with a picture a claim in a folder beside it.

    Args:
      claims: The claims, each with the folder of its study; studies may be missing.
      path: Of the document, Markdown.

    Returns:
      The path.

    Raises:
      InputError: A study lacks a table.
    """
    from depthstudy.report import claims as document

    return document.write(claims, Path(path))


def compare(*folders: str | Path) -> Comparison:
    """Sets finished studies side by side, as data frames.

    >>> compare("results/one", "results/other").errors  # doctest: +SKIP

    Args:
      *folders: Their folders, at least two.

    Raises:
      InputError: There are fewer, or one holds no finished study.
    """
    from depthstudy.report.tables import comparison

    return comparison.compare(folders)


def write_comparison(comparison: Comparison, folder: Path) -> Path:
    """Writes ``comparison.html`` and its three tables, and returns the path of the page."""
    from depthstudy.report import comparison as rendering

    return rendering.write(comparison, Path(folder))


def comparison_text(comparison: Comparison) -> str:
    """Returns a comparison as lines for a terminal."""
    from depthstudy.report import comparison as rendering

    return rendering.text(comparison)


__all__ = [
    "compare",
    "comparison_text",
    "write",
    "write_analysis",
    "write_claims",
    "write_comparison",
    "write_partial",
]
