"""From the tables of a study to a page that a person reads.

``write`` and ``write_analysis`` are the entries. What they need (Altair, Jinja2, the Vega bundle)
is imported when they are called, so that importing this package costs nothing.
"""

from __future__ import annotations

from pathlib import Path


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


def write_analysis(folder: Path) -> Path:
    """Writes ``analysis.html`` from the tables of an analysis.

    Args:
      folder: Where ``study.analyze`` wrote them.

    Returns:
      The path of the page: one file that opens with no network.

    Raises:
      InputError: ``folder`` lacks a table of an analysis.
    """
    from depthstudy.report import analysis

    return analysis.write(Path(folder))
