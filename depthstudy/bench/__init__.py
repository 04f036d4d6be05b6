"""How long works take, beside the same in PyTorch.

``run`` measures and writes; ``WORKS`` are what it can measure. ``profile`` says what a train step
spends its time on.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from depthstudy import runtime, store
from depthstudy.bench import table
from depthstudy.bench.benchmarks import WORKS, Work, named
from depthstudy.bench.timing import Row, measure
from depthstudy.errors import InputError


def run(
    names: Sequence[str],
    folder: Path,
    *,
    peer: str | None,
    rounds: int,
    command: str,
    tell: Callable[[str], None],
) -> list[Row]:
    """Measures works and writes what ``table.write`` does; returns the rows.

    Args:
      names: Names of works; none are all.
      folder: Where to write.
      peer: ``"torch"``, or ``None`` for ours alone.
      rounds: How often each side is timed, in turn.
      command: The command, for the record.
      tell: Called with a line of Markdown for each row, when it is there.

    Raises:
      InputError: No such work or peer, or PyTorch is not installed.
      FailedError: The process that does a work has ended.
      OSError: The folder cannot be written.
    """
    works = named(names)
    if peer not in (None, "torch"):
        raise InputError(f"no peer {peer!r}; allowed: torch")
    if peer:
        _require_packages(works)
    store.require_writable(folder)
    load = os.getloadavg()
    rows: list[Row] = []
    for name, work in works.items():
        rows.append(measure(name, work, peer=peer, rounds=rounds))
        lines = table.write(folder, rows, command=command, load=load).splitlines()
        for line in lines[-1:] if len(rows) > 1 else lines:
            tell(line)
    return rows


def _require_packages(works: Mapping[str, Work]) -> None:
    """Raises InputError where what PyTorch's side of a work needs is not installed."""
    called = {"torch": "PyTorch", "effdet": "effdet"}
    for name, work in works.items():
        for package in work.peer_packages if work.has_peer else ():
            if importlib.util.find_spec(package) is None:
                raise InputError(
                    f"{called[package]} is not installed, which {name} is timed beside: pip install"
                    " 'depthstudy[bench]', or no --peer"
                )


def profile(name: str) -> str:
    """Returns, as Markdown, the longest operations of a train step, and its share of the peak.

    Raises:
      InputError: No such work, or it is no train step.
    """
    work = named([name])[name]
    if work.kind != "train":
        allowed = ", ".join(name for name, work in WORKS.items() if work.kind == "train")
        raise InputError(f"{name!r} is not a train step; allowed: {allowed}")
    from depthstudy.bench import profiling  # and with it all that trains

    runtime.tune()  # as a worker does
    return profiling.report(name, work)


__all__ = ["WORKS", "Row", "Work", "profile", "run"]
