"""The page that sets studies side by side, and the same as text for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from depthstudy import store
from depthstudy.records import in_words
from depthstudy.report.blocks import Page, Row, Section, Table, Text
from depthstudy.report.page import render
from depthstudy.report.tables.comparison import Comparison
from depthstudy.report.text import formats


def write(comparison: Comparison, folder: Path) -> Path:
    """Writes the page and the three tables of a comparison; returns the path of the page."""
    path = folder / "comparison.html"
    store.write_text(path, render(page(comparison)))
    settings = comparison.settings.rename_axis("setting").reset_index()
    for name, table in (
        ("settings", settings),
        ("errors", comparison.errors),
        ("verdicts", comparison.verdicts),
    ):
        store.write_table(folder / f"{name}.csv", table)
    return path


def page(comparison: Comparison) -> Page:
    """Returns the page of a comparison."""
    folders = " · ".join(f"{name}: {path}" for name, path in comparison.folders.items())
    sections = [
        Section(title="What they find", blocks=_found(comparison)),
        Section(title="Test error of each net", blocks=(_error_table(comparison),)),
        Section(title="What differs in their settings", blocks=_settings(comparison)),
    ]
    return Page(
        title=formats.listing(comparison.names),
        header=(Text(folders, "note"),),
        sections=tuple(sections),
    )


def text(comparison: Comparison) -> str:
    """Returns the same as lines for a terminal."""
    errors = [
        "  ".join([f"  {row.label:36}", *(f"{cell!s:>16}" for cell in row.cells)])
        for row in _error_table(comparison).rows
    ]
    verdicts = [
        f"  {statement}\n    {', '.join(f'{study}: {word}' for study, word in words.items())}"
        for statement, words in _words(comparison).items()
    ]
    settings = [
        f"  config.{field}: {', '.join(f'{name} {row[name]}' for name in comparison.names)}"
        for field, row in comparison.settings.iterrows()
    ]
    head = "  ".join([f"  {'':36}", *(f"{name:>16}" for name in comparison.names)])
    return "\n".join(
        [
            *comparison.notes,
            "settings that differ:" if settings else "no setting differs",
            *settings,
            "test error:",
            head,
            *errors,
            *(["verdicts:", *verdicts] if verdicts else []),
        ]
    )


def _found(comparison: Comparison) -> tuple[Table | Text, ...]:
    names = comparison.names
    rows = tuple(
        Row(label=statement, cells=tuple(words.get(name, formats.DASH) for name in names))
        for statement, words in _words(comparison).items()
    )
    notes = tuple(Text(note) for note in comparison.notes)
    if not rows:
        return (*notes, Text("They ask nothing."))
    return (*notes, Table(header=("Hypothesis", *names), rows=rows))


def _words(comparison: Comparison) -> dict[str, dict[str, str]]:
    """Returns by statement the verdict of each study that has it."""
    words: dict[str, dict[str, str]] = {}
    for row in comparison.verdicts.to_dict("records"):
        words.setdefault(row["statement"], {})[row["study"]] = row["verdict"]
    return words


def _error_table(comparison: Comparison) -> Table:
    """Returns a row for each variant, with the error that it has in each study."""
    rows = comparison.errors.to_dict("records")
    errors = {(row["variant"], row["study"]): _error(row) for row in rows}
    return Table(
        header=("Net", *comparison.names),
        rows=tuple(
            Row(
                label=in_words(variant),
                cells=tuple(errors.get((variant, n), formats.DASH) for n in comparison.names),
            )
            for variant in dict.fromkeys(row["variant"] for row in rows)
        ),
    )


def _error(row: Mapping[Any, Any]) -> str:
    mean, half = 100 * row["mean"], 50 * (row["high"] - row["low"])
    return f"{formats.number(mean)} ± {formats.number(half)}%" if half == half else f"{mean:.1f}%"


def _settings(comparison: Comparison) -> tuple[Table | Text, ...]:
    if comparison.settings.empty:
        return (Text("Nothing: they are the same study in two folders."),)
    rows = tuple(
        Row(label=str(field), cells=tuple(row[name] for name in comparison.names))
        for field, row in comparison.settings.iterrows()
    )
    return (Table(header=("Setting", *comparison.names), rows=rows),)
