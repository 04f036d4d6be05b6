"""From the tables of a study to a page that a person reads.

``write`` is the one entry. What it needs (Altair, Jinja2, the Vega bundle) is imported when it is
called, so that importing this package costs nothing.
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
