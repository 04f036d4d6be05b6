"""Measures how long works take, beside the same in PyTorch.

python scripts/bench.py --only=resnet20_32,input_32
python scripts/bench.py --peer=torch
python scripts/bench.py --profile=resnet20_32
python scripts/bench.py --list
"""

import shlex
import sys
from pathlib import Path

from absl import flags

from depthstudy import bench, cli

_ONLY = flags.DEFINE_list("only", [], "Names of works; default all.")
_PEER = flags.DEFINE_string("peer", None, "What is measured beside: torch. Default nothing.")
_ROUNDS = flags.DEFINE_integer("rounds", 9, "How often each side is timed.", 1)
_WORKDIR = flags.DEFINE_string("workdir", "results/bench", "Folder of the tables.")
_PROFILE = flags.DEFINE_string(
    "profile", None, "Name of a train step: print what it spends its time on, and measure no more."
)
_LIST = flags.DEFINE_bool("list", False, "Print the works, a line each.")


def main() -> None:
    """Lists works, profiles one or measures them, as the flags say."""
    if _LIST.value:
        for name, work in bench.WORKS.items():
            print(f"{name:24}{work.kind}{', and in PyTorch' if work.has_peer else ''}")
        return
    if _PROFILE.value is not None:
        print(bench.profile(_PROFILE.value))
        return
    bench.run(
        _ONLY.value,
        Path(_WORKDIR.value),
        peer=_PEER.value,
        rounds=_ROUNDS.value,
        command=shlex.join(["python", *sys.argv]),
        tell=lambda line: print(line, flush=True),
    )
    print(f"\ntables: {_WORKDIR.value}/bench.md, bench.csv, memory.csv and machine.json")


if __name__ == "__main__":
    cli.run(main)
