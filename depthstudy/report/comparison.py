"""The page that sets studies side by side, and the same as text for the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from depthstudy import store
from depthstudy.records import in_words
from depthstudy.report.blocks import Page, Row, Section, Table, Text
from depthstudy.report.page import render
from depthstudy.report.tables.comparison import Comparison
from depthstudy.report.text import formats
from depthstudy.report.text.sentences import SOURCES

_WIDTH, _LEAST = 80, 24  # of a terminal, and of the names in it
_LONGEST = 220  # letters of a setting, three lines
_INTERVALS = f"In parentheses the 95% interval, {SOURCES}."


def write(comparison: Comparison, folder: str | Path) -> Path:
    """Writes the page and the three tables of a comparison; returns the path of the page."""
    folder = store.bucket.write_to(folder)
    path = folder / "comparison.html"
    store.write_text(path, render(page(comparison)))
    settings = comparison.settings.rename_axis("setting").reset_index()
    for name, table in (
        ("settings", settings),
        ("errors", comparison.errors),
        ("verdicts", comparison.verdicts),
    ):
        store.write_table(folder / f"{name}.csv", table)
    store.bucket.finish()
    return path


def page(comparison: Comparison) -> Page:
    """Returns the page of a comparison."""
    folders = " · ".join(
        f"{name}: {store.bucket.shown(path)}" for name, path in comparison.folders.items()
    )
    sections = [
        Section(title="What they find", blocks=_hypotheses(comparison)),
        Section(
            title="Test error of each net",
            blocks=(_error_table(comparison), Text(_INTERVALS, "note")),
        ),
        Section(title="What differs in their settings", blocks=_settings(comparison)),
    ]
    return Page(
        title=formats.listing(comparison.names),
        header=(Text(folders, "note"),),
        sections=tuple(sections),
    )


def text(comparison: Comparison) -> str:
    """Returns the same as lines for a terminal of 80 columns."""
    settings = [
        line
        for field, row in comparison.settings.iterrows()
        for line in (f"  config.{field}", *_each(row.to_dict()))
    ]
    verdicts = [
        line
        for statement, words in _words(comparison).items()
        for line in (
            *_wrapped(statement),
            *_wrapped(", ".join(f"{study}: {word}" for study, word in words.items()), 4),
        )
    ]
    return "\n".join(
        [
            *(line for note in comparison.notes for line in _wrapped(note, 0)),
            "settings that differ:" if settings else "no setting differs",
            *settings,
            *_wrapped(f"test error, in parentheses its 95% interval, {SOURCES}:", 0),
            *_columns(_error_table(comparison)),
            *(["verdicts:", *verdicts] if verdicts else []),
        ]
    )


def _each(values: Mapping[Any, str]) -> Iterator[str]:
    """Yields lines of what each study has of a setting; a long value is cut."""
    for name, value in values.items():
        cut = textwrap.shorten(value, _LONGEST, placeholder=" … (all in settings.csv)")
        yield from _wrapped(f"{name}: {cut}", 4)


def _wrapped(text: str, indent: int = 2) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent=" " * indent, subsequent_indent=" " * (indent + 2)
    )


def _columns(table: Table) -> list[str]:
    """Returns the lines of a table; a name that is too long stands above its cells."""
    rows = [("", table.header[1:]), *((row.label, row.cells) for row in table.rows)]
    width = max(len(str(cell)) for _, cells in rows for cell in cells) + 2
    left = max(_LEAST, _WIDTH - 2 - width * (len(table.header) - 1))
    lines = []
    for label, cells in rows:
        fits = len(label) <= left
        lines += [] if fits else [f"  {label}"]
        name = label if fits else ""
        lines.append(f"  {name:{left}}{''.join(f'{cell!s:>{width}}' for cell in cells)}".rstrip())
    return lines


def _hypotheses(comparison: Comparison) -> tuple[Table | Text, ...]:
    names = comparison.names
    rows = tuple(
        Row(label=statement, cells=tuple(words.get(name, formats.DASH) for name in names))
        for statement, words in _words(comparison).items()
    )
    notes = tuple(Text(note, "tally") for note in comparison.notes)
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
    errors = {
        (row["variant"], row["study"]): formats.percent_estimate(
            row["mean"], row["low"], row["high"]
        )
        for row in rows
    }
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


def _settings(comparison: Comparison) -> tuple[Table | Text, ...]:
    if comparison.settings.empty:
        return (Text("Nothing."),)
    rows = tuple(
        Row(label=str(field), cells=tuple(row[name] for name in comparison.names))
        for field, row in comparison.settings.iterrows()
    )
    return (Table(header=("Setting", *comparison.names), rows=rows, look="words"),)
