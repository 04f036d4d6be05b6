"""Measures how long works take, beside the same in PyTorch.

  depthstudy bench --only=resnet20_32,input_32
  depthstudy bench --peer=torch
  depthstudy bench --profile=resnet20_32
  depthstudy bench --list

Prints the median time of each, the spread over rounds, and with a peer the
ratio, both sides in turn; writes bench.md, bench.csv and machine.json.
"""

from __future__ import annotations

from absl import flags


def define_flags() -> None:
    """Defines its flags."""
    flags.DEFINE_list("only", [], "Names of works; default all.")
    flags.DEFINE_string("peer", None, "What is measured beside: torch. Default nothing.")
    flags.DEFINE_integer("rounds", 9, "How often each side is timed.", 1)
    flags.DEFINE_string("workdir", "results/bench", "Folder of the tables.")
    flags.DEFINE_string(
        "profile", None, "Name of a train step: print what it spends its time on, no more."
    )
    flags.DEFINE_bool("list", False, "Print the works, a line each.")


def main(line: str) -> None:
    """Lists works, profiles one or measures them, as the flags say."""
    from depthstudy import bench, store

    given = flags.FLAGS
    if given.list:
        for name, work in bench.WORKS.items():
            print(f"{name:24}{work.kind}{', and in PyTorch' if work.has_peer else ''}")
        return
    if given.profile is not None:
        print(bench.profile(given.profile))
        return
    bench.run(
        given.only,
        store.bucket.only_here(given.workdir),
        peer=given.peer,
        rounds=given.rounds,
        command=line,
        tell=lambda text: print(text, flush=True),
    )
    print(f"\ntables: {given.workdir}/bench.md, bench.csv, memory.csv and machine.json")
