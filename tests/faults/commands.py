"""Generates command lines, most of them wrong, and plans each: a plan, or one line."""

from __future__ import annotations

import multiprocessing
import os
import random
import runpy
import sys
import tempfile
from collections.abc import Sequence
from concurrent import futures
from pathlib import Path

from tiny_study import ROOT, Tally, environment

from depthstudy import config

_SECONDS = 120  # after which a plan is taken to be stuck
_SCRIPT = str(Path(__file__).with_name("plan_only.py"))
_FILES = (
    "configs/base.py",
    "configs/base.py:argument",
    "configs/quickstart.py",
    "configs/quickstart.py:",
    "configs/pruning.py:14,20",
    "configs/pruning.py:fourteen",
    "configs/claims/residual.py:smoke",
    "configs/claims/residual.py:tiny",
    "configs/missing.py",
    "configs",
    "README.md",
    "",
)
_VALUES = (
    "0", "1", "-1", "3", "8", "20", "56", "1e9", "0.5", "-0.0", "1.0", "inf", "-inf",
    "nan", "1e400",
    "None", "none", "True", "false", "", " ", "''", '""', "()", "(1,)", "(1, 2)", "[8]", "{}",
    "{1:2}",
    "resnet", "plain", "vgg", "resent", "sgd", "adam", "batch", "small", "cifar", "b0", "digits",
    "../../x", ".", "..", "/", "a b", "a\tb", "é", "日本", "\udcff", "x" * 300, "0x10",
    "1_000", "1,2",
    '(("model.depth", (8, 14)),)', "((model.depth, (8, 14)),)", '(("model.depth", 8),)',
    '(("seeds", (1, 2)),)', '(("model.depht", (8,)),)', '(("model.depth", ("8",)),)',
    '((".", (("model.depth", 8),)),)', '(("..", ()),)', '(("a", (("model.depth", 8),)),)',
    '("gradients",)', '("gradient",)', "(2, 4)", "(4, 2)", "(0,)", "((((((((((", "))", "lambda: 0",
    "__import__('os')", "gradients", "99999999999999999999", "-99999999999999999999",
)  # fmt: skip
_WORDS = ("stray", "--seeds=5", "--seeds", "5", "--model.depth=8", "-config", "--", "--workdir",
          "--config.", "--config.model", "--config.model=3", "--noconfig", "--verbosity=x",
          "--config.model.options.x=1", "--config.nothing.at.all=1", "--depth=8")  # fmt: skip
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["depthstudy.cli", "depthstudy.plan"])


def run(count: int, folder: Path, *, seed: int = 0) -> Tally:
    """Returns what came of so many command lines."""
    rng, tally = random.Random(seed), Tally()
    lines = [generate(rng) for _ in range(count)]
    with futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for words, (code, errors) in zip(lines, pool.map(_plan, lines), strict=True):
            tally.tried += 1
            shown = " ".join(map(repr, words))
            if code is None:
                tally.add("stuck", shown)
            elif code not in (0, 1, 2) or (code and not _is_one_line(errors)):
                tally.add("tracebacks", f"{shown}: exit code {code}: {errors}")
    return tally


def generate(rng: random.Random) -> list[str]:
    """Returns the words of a command line."""
    words = [f"--config={rng.choice(_FILES[:4] if rng.random() < 0.7 else _FILES)}"]
    fields = config.field_names()
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
        field = rng.choice(fields)
        if rng.random() < 0.1:
            place = rng.randrange(len(field))
            field = field[:place] + field[place + 1 :]
        value = rng.choice(_VALUES)
        form = f"--config.{field}={value}"
        words += [form] if rng.random() < 0.9 else [f"--config.{field}", value]
    if rng.random() < 0.2:
        words.insert(rng.randrange(len(words) + 1), rng.choice(_WORDS))
    return words


def _is_one_line(errors: str) -> bool:
    lines = [line for line in errors.splitlines() if not line.startswith("warning: ")]
    return len(lines) == 1 and lines[0].startswith("error: ")


def _plan(words: Sequence[str]) -> tuple[int | None, str]:
    """Returns exit code, ``None`` of one that is stuck, and stderr."""
    with tempfile.NamedTemporaryFile() as file:
        process = _FORKS.Process(target=_child, args=(list(words), file.name))
        process.start()
        process.join(_SECONDS)
        if process.exitcode is None:
            process.kill()
            process.join()
            return None, ""
        return process.exitcode, Path(file.name).read_text("utf-8", "replace")


def _child(words: list[str], file: str) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(os.open(file, os.O_WRONLY), 2)
    os.chdir(ROOT)
    os.environ.update(environment())
    sys.argv[:] = [_SCRIPT, *words]
    sys.path[0] = str(Path(_SCRIPT).parent)
    runpy.run_path(_SCRIPT, run_name="__main__")
