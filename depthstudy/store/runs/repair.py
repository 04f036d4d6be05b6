"""Damaged files of a run are moved aside, with a warning each, so that they are made again.

Everything in the folder of a run can be made again from its newest whole checkpoint, and a
checkpoint from an earlier one or from the start, all at the same bits. What was moved is in
``RUN/damaged/``: nothing is removed, and the report says what it is.
"""

from __future__ import annotations

from pathlib import Path

from absl import logging

from depthstudy.errors import DamagedError
from depthstudy.store.files import hashes, move, read_json, require_whole
from depthstudy.store.runs.run import PROBES, PROBES_HASH, RESULT, RUN, RunStore
from depthstudy.store.runs.run_info import RunInfo

_DAMAGED = "damaged"


def repair(run: RunStore, *, checkpoint: bool = False) -> None:
    """Moves damaged files of a run aside; nobody may be writing to its folder.

    A run that was done, and whose result is among them, is no longer done: training it ends it
    again, from its newest whole checkpoint.

    Args:
      run: Its folder may be empty.
      checkpoint: Whether the last checkpoint of a run that is done is looked at, too, as probes
        and pruning do.
    """
    if (run.folder / PROBES).exists() and (wrong := _probes(run.folder)):
        _move(run.folder / PROBES, f"{wrong}; its probes measure again")
    wrong = damage(run) or (_last_checkpoint(run) if checkpoint else "")
    if wrong:
        _move(run.folder / RESULT, f"{wrong}; the run is finished again")


def repair_checkpoints(run: RunStore) -> None:
    """Moves the damaged checkpoints of a run aside; call it before its training goes on."""
    reader = run.checkpoints
    wrong = {step: reader.damage(step) for step in reader.all_steps()}
    whole = [step for step, line in wrong.items() if not line]
    start = f"step {whole[-1]}" if whole else "the start"
    for step, line in wrong.items():
        if line:
            _move(reader.folder / str(step), f"{line}; the run goes on from {start}")


def damages(run: RunStore) -> list[str]:
    """Returns the names of what was moved aside."""
    folder = run.folder / _DAMAGED
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def _probes(folder: Path) -> str:
    try:
        sums = read_json(folder / PROBES_HASH, dict[str, str])
    except DamagedError as error:
        return str(error)
    is_known = not sums or hashes(folder, [PROBES])[PROBES] in sums.values()
    return "" if is_known else f"{folder / PROBES} is not as it was written"


def damage(run: RunStore) -> str:
    """Returns what is wrong with what a run left behind; ``""`` too where it is not done."""
    try:
        if outcome := run.read_outcome():
            read_json(run.folder / RUN, RunInfo)
            require_whole(run.folder, outcome.files)
    except DamagedError as error:
        return str(error)
    return ""


def _last_checkpoint(run: RunStore) -> str:
    if not (run.folder / RESULT).exists():
        return ""
    steps = run.checkpoints.all_steps()
    return run.checkpoints.damage(steps[-1]) if steps else f"{run.folder} has no checkpoint"


def _move(path: Path, message: str) -> None:
    folder = path.parents[path.parent.name == "checkpoints"] / _DAMAGED
    folder.mkdir(exist_ok=True)
    name = f"checkpoint{path.name}" if path.name.isdecimal() else path.name
    taken = len([one for one in folder.iterdir() if one.name.partition("~")[0] == name])
    move(path, folder / (f"{name}~{taken}" if taken else name))
    logging.warning("%s (the damaged file is kept in %s)", message, folder)
