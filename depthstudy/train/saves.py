"""The checkpoints of a group of runs: saved together, so that all can go on from one step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np

from depthstudy import hosts
from depthstudy.store import Measured
from depthstudy.train.program import Program, SeedState, initial, seed_state, state_form
from depthstudy.train.run import Run
from depthstudy.train.steps.step import StepMetrics
from depthstudy.train.stops import stop_before


def save(
    program: Program, runs: Sequence[Run], seed_states: Any, step: int, *, with_log: bool = False
) -> None:
    """Saves runs: at a step at which everything is recorded, or with the log of what is not.

    Where the process is killed at any moment, there is a step at which every run was saved: none is
    saved again, and loses an old checkpoint, before all have the last one.
    """
    states = program.fetch(seed_states.state, len(runs))
    logs = program.fetch(seed_states.log, len(runs)) if with_log else [None] * len(runs)
    for run in runs:
        run.checkpoints.wait()
    for run, state, log in zip(runs, states, logs, strict=True):
        if run.recorded == step:  # then it was saved with all that is recorded there
            continue
        run.add(step, "run", run.seconds)
        run.write_measured()
        log_by_name = {} if log is None else _by_name(log)
        measured = Measured(run.records, run.errors, log_by_name, run.answers)
        run.checkpoints.save(step, state, run.info, measured)


def save_between(program: Program, runs: Sequence[Run], seed_states: Any, step: int) -> None:
    """Saves runs between two steps at which something is recorded, and records nothing."""
    recorded = [len(run.records) for run in runs]
    save(program, runs, seed_states, step, with_log=True)
    for run, count in zip(runs, recorded, strict=True):
        del run.records[count:]


def resume(program: Program, runs: Sequence[Run]) -> tuple[int, list[SeedState]]:
    """Gives runs what was measured of them, and returns from which step they go on, and what with.

    One that was saved with a log has not been recorded since the stop before. Another of its group
    may have been, where a process was killed between their saves.

    Of several hosts that train together, only the one that writes reads.
    """

    def read() -> tuple[int, list[Measured], list[SeedState]]:
        step = _common_step(runs)
        measured = [run.measured(step) for run in runs]
        states = [
            _restore(program, run, step, of_run.log)
            for run, of_run in zip(runs, measured, strict=True)
        ]
        return step, measured, states

    start, measurements, states = (
        hosts.from_writer(read) if program.placement.spans_hosts else read()
    )
    for run, measured in zip(runs, measurements, strict=True):
        run.take_measured(measured)
        # A shorter training may have ended after the stop before, and its log with it.
        before = stop_before(program.config, program.steps, start)
        last = max((row.step for row in run.records if row.probe == "training"), default=0)
        run.recorded = max(before, last) if measured.log else start
    return start, states


def _by_name(log: StepMetrics) -> dict[str, np.ndarray]:
    return {str(number): np.asarray(leaf) for number, leaf in enumerate(jax.tree.leaves(log))}


def _restore(program: Program, run: Run, step: int, log: Mapping[str, np.ndarray]) -> SeedState:
    """Returns what the run had at a step; its log only where it is not recorded yet."""
    if not step:
        return initial(program, run.info.seed)
    state = run.store.checkpoints.restore(step, state_form(program), run.info)
    restored = seed_state(program, run.info.seed, state)
    if not log:
        return restored
    leaves = [log[str(number)] for number in range(len(log))]
    return restored._replace(log=jax.tree.unflatten(jax.tree.structure(restored.log), leaves))


def _common_step(runs: Sequence[Run]) -> int:
    """Returns the last step at which every run of a group was saved, or 0."""
    saved = [set(run.store.checkpoints.all_steps()) for run in runs]
    return max(set.intersection(*saved), default=0)
