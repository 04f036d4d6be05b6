"""The one loop: it trains the seeds of a group, measures them and saves them, and can resume."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from depthstudy import hosts, interruption, tasks
from depthstudy.config import TrainConfig
from depthstudy.data import Split
from depthstudy.records import Record
from depthstudy.store import CheckpointWriter, Measured, Outcome, RunInfo, RunStore
from depthstudy.train.evaluation import evaluate
from depthstudy.train.precision import LEAST
from depthstudy.train.program import Program, SeedState, initial
from depthstudy.train.step import StepMetrics

Progress = Callable[[int], None]


@dataclasses.dataclass
class _Run:
    """A run in training: where it is kept, and what has been measured of it so far."""

    info: RunInfo
    store: RunStore
    checkpoints: CheckpointWriter
    events: Any = None
    records: list[Record] = dataclasses.field(default_factory=list)
    errors: dict[str, Any] = dataclasses.field(default_factory=dict)
    answers: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    seconds: dict[str, float] = dataclasses.field(
        default_factory=lambda: {"train_seconds": 0.0, "data_seconds": 0.0, "eval_seconds": 0.0}
    )

    def add(self, step: int, probe: str, metrics: Mapping[str, float]) -> None:
        """Notes what was measured; a value that is not finite is left out."""
        for metric, value in metrics.items():
            if not math.isfinite(value):
                continue
            self.records.append(
                Record(
                    study=self.info.study,
                    variant=self.info.variant,
                    seed=self.info.seed,
                    step=step,
                    probe=probe,
                    metric=metric,
                    value=value,
                )
            )
            self.events.add_scalar(f"{probe}/{metric}", value, step)

    def last(self, probe: str) -> dict[str, float]:
        """Returns the newest value of each metric of a probe."""
        return {row.metric: row.value for row in self.records if row.probe == probe}

    @property
    def diverged_at(self) -> int | None:
        step = self.last("run").get("diverged_at_step")
        return None if step is None else int(step)


def fit(
    program: Program,
    infos: Sequence[RunInfo],
    stores: Sequence[RunStore],
    progress: Progress,
    *,
    test: bool = True,
) -> list[Outcome]:
    """Trains a group of seeds to the end, from their last common checkpoint if there is one.

    A run whose loss is not finite is recorded as diverged; it ends the group only when every run
    in it has diverged. Where the process is asked to end, the runs are saved as they are.

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
            _Run(info, store, _closing(stack, store.open_checkpoint_writer(keep, [early])))
            for info, store in zip(infos, stores, strict=True)
        ]
        start, logs, found = _found(program, runs)
        for run in runs:
            run.seconds = {part: run.last("run").get(part, 0.0) for part in run.seconds}
            run.events = _closing(stack, run.store.open_events(start + 1))
        seed_states = program.placement.place(found)
        for run in runs:
            if not run.records:
                run.add(0, "run", program.memory)
        progress(start)
        begin = _unrecorded(program, start) if all(logs) else start
        with interruption.deferred(hosts.agreed_stop() if program.placement.spans_hosts else None):
            _train_to_end(program, runs, seed_states, begin, start, progress, test=test)
    outcomes = [_outcome(program, run) for run in runs]
    for run, outcome in zip(runs, outcomes, strict=True):
        _write_measured(run)
        run.store.write_outcome(outcome)
    return outcomes


def evaluation_steps(config: TrainConfig, steps: int) -> list[int]:
    """Returns the steps after which a net is evaluated, the last step among them."""
    count = min(config.evaluations, steps)
    return [round(steps * i / count) for i in range(1, count + 1)]


def early_step(config: TrainConfig, steps: int) -> int:
    """Returns the step, about a twentieth of the training, at which a net is saved for good."""
    return next(stop for stop in _stops(config, steps) if stop >= steps / 20)


def _stops(config: TrainConfig, steps: int) -> list[int]:
    """Returns the steps after which something is recorded."""
    logs = range(0, steps, config.log_every)
    return sorted({*logs, *evaluation_steps(config, steps)} - {0})


def _unrecorded(program: Program, step: int) -> int:
    """Returns the last step before this one up to which everything is recorded."""
    return max((s for s in _stops(program.config, program.steps) if s < step), default=0)


def _train_to_end(
    program: Program,
    runs: Sequence[_Run],
    seed_states: Any,
    begin: int,
    start: int,
    progress: Progress,
    *,
    test: bool,
) -> None:
    """Trains from step ``start`` on, of which everything up to step ``begin`` is recorded."""
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
    reached, saved = start, time.monotonic()
    for end in [stop for stop in _stops(program.config, program.steps) if stop > begin]:
        if all(run.diverged_at for run in runs):
            break
        recorded = [len(run.records) for run in runs]
        try:
            with _timed(runs, "train_seconds"):
                for _ in range(end - reached):
                    with _timed(runs, "data_seconds"):
                        batch = next(batches)
                    seed_states, reached = program.train_step(seed_states, batch), reached + 1
                    interruption.check()
                    if reached < end and time.monotonic() - saved >= most_seconds:
                        _save_between(program, runs, seed_states, reached)
                        saved = time.monotonic()
                for run, log in zip(
                    runs, program.placement.fetch(seed_states.log, len(runs)), strict=True
                ):
                    _record_training(run, log, begin, end)
            over = end == program.steps or all(run.diverged_at for run in runs)
            evaluated = over or end in evaluations
            if evaluated:
                with _timed(runs, "eval_seconds"):
                    _record_evaluation(program, runs, seed_states, end, test=over and test)
        except interruption.InterruptedByUserError:
            for run, count in zip(runs, recorded, strict=True):
                del run.records[count:]
            _save(program, runs, seed_states, reached, with_log=True)
            raise
        due = evaluated and time.monotonic() - saved >= program.config.save_seconds
        if over or due or end == early:
            _save(program, runs, seed_states, end)
            saved = time.monotonic()
        progress(end - begin)
        begin = end
    progress(program.steps - begin)


def _record_training(run: _Run, log: StepMetrics, begin: int, end: int) -> None:
    """Notes means over some steps; a run that takes none at the least loss scale has diverged."""
    places = np.arange(begin, end) % len(log.loss)
    steps: StepMetrics = jax.tree.map(lambda past: past[places], log)
    finite = np.isfinite(steps.loss)
    if run.diverged_at is None and not finite.all():
        run.add(end, "run", {"diverged_at_step": float(begin + 1 + np.argmin(finite))})
    if run.diverged_at is None:
        means = {"loss": float(steps.loss.mean()), "error": float(steps.error.mean())}
        run.add(end, "training", means)
    if steps.loss_scale is not None:
        by = jax.tree.map(lambda past: past[-1], steps.loss_scale)
        before = run.last("run").get("skipped_steps", 0.0)
        if run.diverged_at is None and by.scale <= LEAST and by.skipped - before == end - begin:
            run.add(end, "run", {"diverged_at_step": float(begin + 1)})
        run.add(end, "training", {"loss_scale": float(by.scale)})
        run.add(end, "run", {"skipped_steps": float(by.skipped)})


def _record_evaluation(
    program: Program, runs: Sequence[_Run], seed_states: Any, step: int, *, test: bool
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
            guess = {"error": chance, "balanced_error": chance}
            metrics = guess if run.diverged_at else result.metrics
            run.add(step, "evaluation", {f"{name}_{k}": v for k, v in metrics.items()})
            if test and name != "train" and not run.diverged_at:
                run.errors[name] = result.errors
            if name == "test" and not run.diverged_at:
                run.answers = result.answers


def _save(
    program: Program, runs: Sequence[_Run], seed_states: Any, step: int, *, with_log: bool = False
) -> None:
    """Saves runs: at a step at which everything is recorded, or with the log of what is not."""
    states = program.placement.fetch(seed_states.state, len(runs))
    logs = program.placement.fetch(seed_states.log, len(runs)) if with_log else [None] * len(runs)
    for run, state, log in zip(runs, states, logs, strict=True):
        run.add(step, "run", run.seconds)
        _write_measured(run)
        log_by_name = {} if log is None else _by_name(log)
        measured = Measured(run.records, run.errors, log_by_name, run.answers)
        run.checkpoints.save(step, state, run.info, measured)


def _save_between(program: Program, runs: Sequence[_Run], seed_states: Any, step: int) -> None:
    """Saves runs between two steps at which something is recorded, and records nothing."""
    recorded = [len(run.records) for run in runs]
    _save(program, runs, seed_states, step, with_log=True)
    for run, count in zip(runs, recorded, strict=True):
        del run.records[count:]


def _write_measured(run: _Run) -> None:
    run.store.write_records(run.records)
    if run.errors:
        run.store.write_errors(run.errors)
    if run.answers:
        run.store.write_answers(run.answers)


def _found(
    program: Program, runs: Sequence[_Run]
) -> tuple[int, list[Mapping[str, np.ndarray]], list[SeedState]]:
    """Gives runs what was measured of them, and returns from where they go on.

    Of several hosts that train together, only the one that writes reads.

    Returns:
      The step, and for each run the log of what is not recorded yet, and what it had.
    """

    def read() -> tuple[int, list[Measured], list[SeedState]]:
        step = _common_step(runs)
        measured = [_measured(run, step) for run in runs]
        states = [
            _restore(program, run, step, of_run.log)
            for run, of_run in zip(runs, measured, strict=True)
        ]
        return step, measured, states

    start, found, states = hosts.from_writer(read) if program.placement.spans_hosts else read()
    for run, measured in zip(runs, found, strict=True):
        run.records, run.errors = list(measured.records), dict(measured.errors)
        run.answers = measured.answers
    return start, [measured.log for measured in found], states


def _measured(run: _Run, step: int) -> Measured:
    """Returns what was measured of a run up to a checkpoint."""
    measured = run.store.checkpoints.measured(step) if step else Measured()
    if measured is None:  # of an earlier version
        return Measured(run.store.read_records(step))
    return measured


def _by_name(log: StepMetrics) -> dict[str, np.ndarray]:
    return {str(number): np.asarray(leaf) for number, leaf in enumerate(jax.tree.leaves(log))}


def _restore(program: Program, run: _Run, step: int, log: Mapping[str, np.ndarray]) -> SeedState:
    """Returns what the run had at a step; its log only where it is not recorded yet."""
    fresh = initial(program, run.info.seed)
    if not step:
        return fresh
    restored = fresh._replace(
        state=run.store.checkpoints.restore(step, fresh.state, run.info),
    )
    if not log:
        return restored
    leaves = [log[str(number)] for number in range(len(log))]
    return restored._replace(log=jax.tree.unflatten(jax.tree.structure(fresh.log), leaves))


def _common_step(runs: Sequence[_Run]) -> int:
    """Returns the last step at which every run of a group was saved, or 0."""
    saved = [set(run.store.checkpoints.all_steps()) for run in runs]
    return max(set.intersection(*saved), default=0)


def _outcome(program: Program, run: _Run) -> Outcome:
    step, times = max(row.step for row in run.records), run.last("run")
    evaluation = {
        r.metric: r.value for r in run.records if (r.probe, r.step) == ("evaluation", step)
    }
    return Outcome(
        status="diverged" if run.diverged_at else "finished",
        step=step,
        diverged_at=run.diverged_at,
        train_error=evaluation["train_error"],
        validation_error=evaluation.get("validation_error"),
        test_error=evaluation.get("test_error"),
        train_balanced_error=evaluation.get("train_balanced_error"),
        validation_balanced_error=evaluation.get("validation_balanced_error"),
        test_balanced_error=evaluation.get("test_balanced_error"),
        train_loss=None if run.diverged_at else evaluation.get("train_loss"),
        test_loss=None if run.diverged_at else evaluation.get("test_loss"),
        train_seconds=times["train_seconds"],
        eval_seconds=times["eval_seconds"],
    )


def _closing(stack: contextlib.ExitStack, thing: Any) -> Any:
    return stack.enter_context(contextlib.closing(thing))


@contextlib.contextmanager
def _timed(runs: Sequence[_Run], part: str) -> Iterator[None]:
    """Adds an equal share of the wall time of a block to what each run has used."""
    start = time.perf_counter()
    yield
    for run in runs:
        run.seconds[part] += (time.perf_counter() - start) / len(runs)
