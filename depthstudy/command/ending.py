"""How a command ends that has run a study: its page, and what it says."""

from __future__ import annotations

import time
from pathlib import Path

from depthstudy import report, store
from depthstudy import study as studies
from depthstudy.command.program import command_line
from depthstudy.plan.shards import Shard, Share


def print_conclusion(result: studies.Result, workdir: Path) -> None:
    """Writes the report of a study, and prints what it says and where it is."""
    start = time.perf_counter()
    path = store.bucket.shown(report.write(workdir))
    seconds = time.perf_counter() - start
    print(f"{studies.conclusion(result)}, report {seconds:.0f} s\n\nreport: {path}")


def print_shard(share: Share, shard: Shard, workdir: Path, whole: Path) -> None:
    """Prints what a shard has done, and how it becomes a part of the whole study."""
    done = [f"{share.runs} run{'s' * (share.runs != 1)}"]
    if nets := len(share.tuned):
        done.append(f"the tuning of {nets} net{'s' * (nets != 1)}")
    store.bucket.finish()
    if workdir.resolve() == whole.resolve():  # then the whole study needs another
        whole = whole.with_name(f"{whole.name}_whole")
    merge = command_line("merge", store.bucket.shown(workdir), "...", f"--workdir={whole}")
    print(
        f"shard {shard}: {' and '.join(done)} done, {share.work:.0%} of the work of all shards"
        f"\n\nreport of these runs: {store.bucket.shown(workdir / store.REPORT)}\n\n"
        "when all shards are done, bring their folders together and give\n"
        f"  {merge}"
    )
