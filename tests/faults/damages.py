"""Damages files of a study at random, runs it again, and compares what it comes to.

A study that was done, or half of it, has one file damaged in one of many ways. The same call has to
end it at the same results; it may warn, and nothing else.
"""

from __future__ import annotations

import contextlib
import io
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tiny_study import OVERRIDES, Tally, is_same, left_behind

from depthstudy import deploy, runtime, study
from depthstudy.config import StudyConfig, apply
from depthstudy.errors import InputError
from depthstudy.report import tables
from depthstudy.store import RunStore

_LEFT_ALONE = (".lock", "report.html")  # nobody reads them
_MORE = {
    "train.steps": 20,
    "train.evaluations": 4,
    "train.keep_checkpoints": 3,
    "processes": 1,
    "probes": ("field",),
}


def run(count: int, folder: Path, *, seed: int = 0) -> Tally:
    """Returns what came of so many damages."""
    runtime.use_compilation_cache()
    config = apply(StudyConfig(), tuple((OVERRIDES | _MORE).items()))
    rng, tally = random.Random(seed), Tally()
    quiet, work = folder / "quiet", folder / "work"
    study.run(config, quiet)
    expected = left_behind(quiet)
    for _ in range(count):
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(quiet, work)
        was_done = rng.random() < 0.5
        if not was_done:
            next(work.glob("runs/*/*/result.json")).unlink()
        what = damage(rng, work)
        tally.tried += 1
        with contextlib.redirect_stderr(io.StringIO()):
            _try(tally, what, lambda: _look(work, quiet))
            ended = _try(tally, what, lambda: _run_again(config, work))
        if ended and not is_same(expected, left_behind(work), whole=not was_done):
            tally.add("silent", what)
    return tally


def _look(work: Path, quiet: Path) -> None:
    """Loads a net as ``analyze.py`` does; it has to be one that was saved, or refused."""
    run = next(work.glob("runs/*/*"))
    try:
        params = deploy.load_run(run).variables["params"]
    except InputError:
        return
    reader = RunStore(quiet / run.relative_to(work)).checkpoints
    if not any(_equal(params, reader.variables(step)["params"]) for step in reader.all_steps()):
        raise AssertionError("a damaged net was loaded")


def _equal(one: object, other: object) -> bool:
    try:
        np.testing.assert_equal(one, other)
    except AssertionError:
        return False
    return True


def _run_again(config: StudyConfig, work: Path) -> None:
    study.run(config, work)
    tables.read_study(work)


def _try(tally: Tally, what: str, call: Callable[[], None]) -> bool:
    try:
        call()
    except InputError as error:
        tally.add("stuck", f"{what}: {error}")
    except AssertionError as error:
        tally.add("silent", f"{what}: {error}")
    except Exception as error:
        tally.add("tracebacks", f"{what}: {error!r}")
    else:
        return True
    return False


def damage(rng: random.Random, work: Path) -> str:
    """Damages something of a study, and returns what."""
    if rng.random() < 0.15:
        return rng.choice(_FOLDERS)(next(work.glob("runs/*/*/checkpoints")))
    files = [path for path in sorted(work.rglob("*")) if path.is_file() and _is_read(path)]
    checkpoints = [path for path in files if path.suffix == ".safetensors"]
    path = rng.choice(checkpoints if rng.random() < 0.4 else files)
    name, change = rng.choice(list(_CHANGES.items()))
    changed = change(rng, path.read_bytes())
    if changed is None:
        path.unlink()
    else:
        path.write_bytes(changed)
    return f"{path.relative_to(work)}: {name}"


def _is_read(path: Path) -> bool:
    return not (path.name in _LEFT_ALONE or "figures" in path.parts or "tfevents" in path.name)


def _flip(rng: random.Random, content: bytes) -> bytes:
    if not content:
        return b"\0"
    changed = bytearray(content)
    changed[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _digit(rng: random.Random, content: bytes) -> bytes:
    places = [i for i, letter in enumerate(content) if chr(letter).isdecimal()]
    if not places:
        return _flip(rng, content)
    place = rng.choice(places)
    return content[:place] + str(rng.randrange(10)).encode() + content[place + 1 :]


_CHANGES: dict[str, Callable[[random.Random, bytes], bytes | None]] = {
    "a bit flipped": _flip,
    "a digit changed": _digit,
    "cut": lambda rng, content: content[: rng.randrange(len(content) + 1)],
    "emptied": lambda rng, content: b"",
    "zeros": lambda rng, content: bytes(len(content)),
    "half zeros": lambda rng, content: content[: len(content) // 2].ljust(len(content), b"\0"),
    "removed": lambda rng, content: None,
    "a byte order mark": lambda rng, content: b"\xef\xbb\xbf" + content,
    "latin-1": lambda rng, content: content.replace(b"e", b"\xe9"),
    "semicolons": lambda rng, content: content.replace(b",", b";"),
    "other line ends": lambda rng, content: content.replace(b"\n", b"\r\n"),
    "an error of -5": lambda rng, content: content.replace(b"0.", b"-5."),
    "text for a number": lambda rng, content: content.replace(b"1", b"one"),
    "nested": lambda rng, content: b"[" * 100_000,
}


def _remove_states(checkpoints: Path) -> str:
    for folder in checkpoints.iterdir():
        shutil.rmtree(folder / "state")
    return "state/ of all checkpoints removed"


def _empty_newest(checkpoints: Path) -> str:
    newest = max(checkpoints.iterdir(), key=lambda path: int(path.name))
    shutil.rmtree(newest)
    newest.mkdir()
    return "the newest checkpoint emptied"


def _add_folder(checkpoints: Path) -> str:
    (checkpoints / "99").mkdir()
    return "an empty folder named as a step"


def _remove_all(checkpoints: Path) -> str:
    shutil.rmtree(checkpoints)
    checkpoints.mkdir()
    return "all checkpoints removed"


_FOLDERS = (_remove_states, _empty_newest, _add_folder, _remove_all)
