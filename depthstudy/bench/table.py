"""What was measured, as CSV, as Markdown and with the machine that it was measured on."""

from __future__ import annotations

import contextlib
import csv
import importlib.metadata
import json
import math
import os
from collections.abc import Sequence
from pathlib import Path

from depthstudy import nets, runtime
from depthstudy.bench.timing import Row

_COLUMNS = ("work", "ours_ms", "peer_ms", "ratio", "spread")
_MEMORY_COLUMNS = ("work", "ours_mb", "peer_mb")


def write(folder: Path, rows: Sequence[Row], *, command: str, load: Sequence[float]) -> str:
    """Writes ``bench.csv``, ``memory.csv``, ``bench.md`` and ``machine.json``.

    A cell is empty where nothing is known.

    Args:
      folder: Where to; it is made.
      rows: What was measured.
      command: The command that measured it.
      load: The machine's load averages before.

    Returns:
      The Markdown.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _write_csv(folder / "bench.csv", _COLUMNS, rows)
    _write_csv(folder / "memory.csv", _MEMORY_COLUMNS, rows)
    machine = _machine(command, load)
    (folder / "machine.json").write_text(json.dumps(machine, indent=1) + "\n")
    text = markdown(rows)
    facts = ", ".join(f"{name} {value}" for name, value in machine.items())
    (folder / "bench.md").write_text(f"{text}\n{facts}\n")
    return text


def markdown(rows: Sequence[Row]) -> str:
    """Returns the table; ratios below 1 are ours faster."""
    lines = [
        "| work | ours, ms | PyTorch, ms | ratio | spread | ours, MB | PyTorch, MB |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        numbers = [
            _short(row.ours_ms),
            _short(row.peer_ms),
            "" if row.ratio is None else f"{row.ratio:.2f}",
            f"±{100 * row.spread:.0f} %",
            _megabytes(row.ours_mb),
            _megabytes(row.peer_mb),
        ]
        lines.append(f"| {row.work} | {' | '.join(numbers)} |")
    return "\n".join(lines) + "\n"


def _write_csv(path: Path, columns: Sequence[str], rows: Sequence[Row]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for row in rows:
            writer.writerow(_cell(getattr(row, name)) for name in columns)


def _cell(value: str | float | None) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None or math.isnan(value) else f"{value:.4g}"


def _short(milliseconds: float | None) -> str:
    return "" if milliseconds is None else f"{milliseconds:.3g}"


def _megabytes(peak: float | None) -> str:
    return "" if peak is None or math.isnan(peak) else f"{peak:.0f}"


def _machine(command: str, load: Sequence[float]) -> dict[str, str]:
    machine = {
        "command": command,
        **runtime.hardware(),
        "convolutions": nets.convolutions(),
        **runtime.versions(),
    }
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        machine["torch"] = importlib.metadata.version("torch")
    machine["load before"] = " ".join(f"{x:.2f}" for x in load)
    settings = ("XLA_FLAGS", "GLIBC_TUNABLES", "OMP_NUM_THREADS")
    return machine | {name: os.environ[name] for name in settings if name in os.environ}
