"""The one loop: it trains the seeds of a group, measures them and saves them, and can resume."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

from depthstudy import hosts, interruption, tasks
from depthstudy.data import Split
from depthstudy.store import Outcome, RunInfo, RunStore
from depthstudy.train.evaluation import evaluate
from depthstudy.train.program import Program
from depthstudy.train.run import Pace, Run, timed
from depthstudy.train.saves import resume, save, save_between
from depthstudy.train.stops import early_step, evaluation_steps, stops

Progress = Callable[[int], None]


def fit(
    program: Program,
    infos: Sequence[RunInfo],
    stores: Sequence[RunStore],
    progress: Progress,
    *,
    test: bool = True,
) -> list[Outcome]:
    """Trains a group of seeds to the end, from their last common checkpoint if there is one.

    A run whose loss, or net, is not finite is recorded as diverged; it ends the group only when
    every run in it has diverged. Where the process is asked to end, the runs are saved as they are.

    Args:
      program: The compiled variant.
      infos: What each run is.
      stores: Where each run is kept.
      progress: Told the number of steps whenever some are done.
      test: Whether the nets are tested at the end; a trial is not.

    Returns:
      How each run ended; the same is written to its store.
    """
    keep, early = program.config.keep_checkpoints, early_step(program.config, program.steps)
    with contextlib.ExitStack() as stack:
        runs = [
            Run(info, store, _closing(stack, store.open_checkpoint_writer(keep, [early])))
            for info, store in zip(infos, stores, strict=True)
        ]
        start, states = resume(program, runs)
        if start < program.steps and not all(run.diverged_at for run in runs):
            for run in runs:
                run.leave_out_test()
        for run in runs:
            run.seconds = {part: run.last("run").get(part, 0.0) for part in run.seconds}
            run.events = _closing(stack, run.store.open_events(start + 1))
        seed_states = program.place(states)
        for run in runs:
            if not run.records:
                run.add(0, "run", program.memory)
        begin = min(run.recorded for run in runs)
        progress(begin)
        with interruption.deferred(hosts.agreed_stop() if program.placement.spans_hosts else None):
            _train_to_end(program, runs, seed_states, begin, start, progress, test=test)
    outcomes = [run.outcome() for run in runs]
    for run, outcome in zip(runs, outcomes, strict=True):
        run.write_measured()
        run.store.write_outcome(outcome)
    return outcomes


def _train_to_end(
    program: Program,
    runs: Sequence[Run],
    seed_states: Any,
    begin: int,
    start: int,
    progress: Progress,
    *,
    test: bool,
) -> None:
    """Trains from step ``start`` on; of each run everything up to step ``begin`` is recorded."""
    batches = program.placement.train_batches(
        program.dataset,
        batch_size=program.config.batch_size,
        seeds=[run.info.seed for run in runs],
        start=start,
        stop=program.steps,
    )
    evaluations = evaluation_steps(program.config, program.steps)
    most_seconds = 60 * (program.config.save_minutes or math.inf)
    early = early_step(program.config, program.steps)
    reached, saved, pace = start, time.monotonic(), Pace()
    for end in [stop for stop in stops(program.config, program.steps) if stop > begin]:
        if all(run.diverged_at for run in runs):
            break
        recorded = [len(run.records) for run in runs]
        try:
            with timed(runs, "train_seconds", stays=True) as add_time:
                for _ in range(end - reached):
                    with timed(runs, "data_seconds"):
                        batch = next(batches)
                    seed_states, reached = program.train_step(seed_states, batch), reached + 1
                    pace.dispatched(seed_states.log)
                    interruption.check()
                    if reached < end and time.monotonic() - saved >= most_seconds:
                        add_time()
                        save_between(program, runs, seed_states, reached)
                        saved = time.monotonic()
                for run, log in zip(runs, program.fetch(seed_states.log, len(runs)), strict=True):
                    run.record_training(log, end)
            over = end == program.steps or all(run.diverged_at for run in runs)
            evaluated = over or end in evaluations
            if evaluated:
                with timed(runs, "eval_seconds"):
                    _record_evaluation(program, runs, seed_states, end, test=over and test)
        except interruption.InterruptedByUserError:
            for run, count in zip(runs, recorded, strict=True):
                del run.records[count:]
            save(program, runs, seed_states, reached, with_log=True)
            raise
        since = time.monotonic() - saved
        due = since >= most_seconds or (evaluated and since >= program.config.save_seconds)
        if over or due or end == early:
            save(program, runs, seed_states, end)
            saved = time.monotonic()
        for run in runs:
            run.recorded = end
        progress(end - begin)
        begin = end
    for run in runs:
        run.checkpoints.wait()
    for run in runs:
        run.checkpoints.remove_old(reached)
    progress(program.steps - begin)


def _record_evaluation(
    program: Program, runs: Sequence[Run], seed_states: Any, step: int, *, test: bool
) -> None:
    """Notes errors on what is trained on and what is chosen by; of the test split at the last step.

    So nothing that is decided while training, or from the curves, has seen the test split.
    """
    dataset = program.dataset
    limits: dict[str, int | None] = {"train": program.config.eval_train_examples}
    splits: dict[str, Split] = {"train": dataset.train}
    splits |= {} if dataset.validation is None else {"validation": dataset.validation}
    splits |= {"test": dataset.test} if test else {}
    chance = tasks.of(dataset).chance_error
    for name, split in splits.items():
        results = evaluate(program, seed_states, split, len(runs), limits.get(name))
        for run, result in zip(runs, results, strict=True):
            if run.recorded == step:
                continue
            guess = {"error": chance, "balanced_error": chance}
            metrics = guess if run.diverged_at else result.metrics
            run.add(step, "evaluation", {f"{name}_{k}": v for k, v in metrics.items()})
            if test and name != "train" and not run.diverged_at:
                run.errors[name] = result.errors
            if test and not run.diverged_at:
                run.keep_answers(name, result.answers, known=split.knows_labels)


def _closing(stack: contextlib.ExitStack, thing: Any) -> Any:
    return stack.enter_context(contextlib.closing(thing))
