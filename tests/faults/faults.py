"""Tries every kind of fault on the program, and counts what it lost, hid or said in many lines.

    python tests/faults/faults.py                    everything, for hours
    python tests/faults/faults.py --scale=0.05       a twentieth of it
    python tests/faults/faults.py --only=damages,disks

Prints a line for each kind, and a line for each fault that went wrong; exit code 1 if one did.
"""

from __future__ import annotations

import argparse
import functools
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import commands
import damages
import disks
import endings
from tiny_study import Tally

KINDS: Mapping[str, tuple[int, Callable[..., Tally]]] = {  # how many faults, and what tries them
    "kills": (100, functools.partial(endings.run, signal.SIGKILL)),
    "kills_two_processes": (100, functools.partial(endings.run, signal.SIGKILL, processes=2)),
    "kills_eight_devices": (100, functools.partial(endings.run, signal.SIGKILL, devices=8)),
    "sigterm": (40, functools.partial(endings.run, signal.SIGTERM)),
    "sigterm_two_processes": (40, functools.partial(endings.run, signal.SIGTERM, processes=2)),
    "sigint": (40, functools.partial(endings.run, signal.SIGINT)),
    "damages": (500, damages.run),
    "commands": (2000, commands.run),
    "disks": (20, disks.run),
}


def main(options: argparse.Namespace) -> int:
    """Returns the exit code."""
    names = options.only.split(",") if options.only else list(KINDS)
    if unknown := sorted(set(names) - set(KINDS)):
        print(f"error: no kind of fault {unknown}; there are {', '.join(KINDS)}", file=sys.stderr)
        return 2
    good = True
    for name in names:
        count, function = KINDS[name]
        if name == "disks" and not disks.is_possible():
            print(f"{name}: left out, no small disks can be made here (unshare)")
            continue
        begun = time.monotonic()
        with TemporaryDirectory() as folder:
            tally = function(max(1, round(options.scale * count)), Path(folder), seed=options.seed)
        print(f"{name}: {tally}, {time.monotonic() - begun:.0f} s", flush=True)
        for note in tally.notes:
            print(f"  {note.strip()}", flush=True)
        good &= tally.is_good
    return 0 if good else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="", help=f"of {', '.join(KINDS)}")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the faults")
    parser.add_argument("--seed", type=int, default=0, help="of the faults")
    sys.exit(main(parser.parse_args()))
