"""Work of a study side by side on a CPU, in processes that share out its cores.

A net on small images leaves a second core idle for much of a step, and a third for nearly all of
it. Two nets, with a core each, do not wait for each other.
"""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from multiprocessing import Pipe, connection
from pathlib import Path
from typing import Any, NamedTuple

import jax

from depthstudy import runtime
from depthstudy.config import StudyConfig
from depthstudy.errors import InputError
from depthstudy.study.plan import prepare
from depthstudy.study.progress import Tell
from depthstudy.study.training import Trainer
from depthstudy.study.variant import Variant

SPEED = 0.7  # of a net that has one core of two, to that of one that has both

_WORK_A_SECOND = 20e9  # multiply-accumulates of forward passes while training, about, on a core
_LEAST_SECONDS = 10  # of work that are worth starting a process
_MEMORY = 3 * 2**30  # bytes of the machine for each process
_LOOK = 0.2  # seconds between two looks whether the process that began this one is there
_CHILD = "import sys; from depthstudy.study import processes; processes.serve(int(sys.argv[1]))"


class Worker(NamedTuple):
    """What a process has at hand for the tasks that it is given."""

    study: StudyConfig
    variants: dict[str, Variant]
    workdir: Path
    trainer: Trainer
    tell: Tell


class _Task(NamedTuple):
    function: Callable[..., None]
    arguments: tuple[Any, ...]


class _Done(NamedTuple):
    """Told when a task is done, or has raised an error."""

    error: Exception | None


def count(study: StudyConfig, tasks: int, seconds: float) -> int:
    """Returns in how many processes so many tasks are done; 1 is this one alone.

    Args:
      study: The config.
      tasks: Parts that can be done by themselves.
      seconds: About what all of them take.
    """
    if study.processes is not None:
        return max(1, min(study.processes, tasks))
    fitting = min(_cores(), tasks, int(seconds / _LEAST_SECONDS), _memory() // _MEMORY)
    return max(1, fitting) if _is_one_cpu() else 1


def for_training(study: StudyConfig, runs: int, work: int) -> int:
    """Returns in how many processes runs are trained of so much work, see ``Variant.work``."""
    return count(study, runs, work / _WORK_A_SECOND)


def check(study: StudyConfig) -> None:
    """Raises InputError where the config asks for several processes, but not for a single CPU."""
    if (study.processes or 1) > 1 and not _is_one_cpu():
        raise InputError(
            f"config.processes={study.processes} has to be 1 on {jax.device_count()} x "
            f"{jax.devices()[0].device_kind}; several are for a single CPU"
        )


def _is_one_cpu() -> bool:
    return jax.default_backend() == "cpu" and jax.device_count() == 1


class Team:
    """Processes that do tasks for this one. They end with it, at the latest."""

    def __init__(self, study: StudyConfig, workdir: Path, processes: int, tasks: int) -> None:
        """Starts them, to work in the folder of a study.

        Args:
          study: Its config.
          workdir: Its folder.
          processes: Each gets an equal share of the cores for as many, so that a run ends at the
            same bits however many are left.
          tasks: No more are started than there are tasks.
        """
        threads = max(1, _cores() // processes)
        members = range(min(processes, tasks))
        self._members = [_Member((study, workdir), threads) for _ in members]

    def close(self) -> None:
        """Ends them, whatever they are at."""
        for member in self._members:
            member.close()

    def do(
        self, function: Callable[..., None], tasks: Iterable[tuple[Any, ...]], tell: Tell
    ) -> None:
        """Has a function called for each task, by whoever is free, as ``function(worker, *task)``.

        Args:
          function: One that can be imported.
          tasks: Arguments for each call.
          tell: Told what the calls tell.

        Raises:
          Exception: What a call has raised.
          RuntimeError: A process was killed.
        """
        left, idle = list(tasks), [member.pipe for member in self._members]
        busy: list[Any] = []
        while left or busy:
            while left and idle:
                busy.append(idle.pop(0))
                with _alive():
                    busy[-1].send(_Task(function, left.pop(0)))
            ready: Any = connection.wait(busy)
            for pipe in ready:
                with _alive():
                    told = pipe.recv()
                if not isinstance(told, _Done):
                    tell(told)
                elif told.error:
                    raise told.error
                else:
                    busy.remove(pipe)
                    idle.append(pipe)


class _Member:
    """Another process, and the pipe to it."""

    def __init__(self, start: tuple[StudyConfig, Path], threads: int) -> None:
        self.pipe, theirs = Pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-c", _CHILD, str(theirs.fileno())],
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                "PJRT_NPROC": str(threads),
            },
            pass_fds=[theirs.fileno()],
            start_new_session=True,  # so that an interruption is for this process alone
        )
        theirs.close()
        self.pipe.send(start)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self.pipe.close()


@contextlib.contextmanager
def _alive() -> Iterator[None]:
    """Says what it means if the other end of a pipe is closed."""
    try:
        yield
    except (EOFError, ConnectionError) as error:
        raise RuntimeError(
            "a process was killed, perhaps for want of memory; the same command goes on, and needs "
            "less memory with --config.processes=1"
        ) from error


def serve(file: int) -> None:
    """Does the tasks that come through a pipe, until its other end is closed."""
    pipe = connection.Connection(file)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    with contextlib.suppress(EOFError, ConnectionError):
        study, workdir = pipe.recv()
        jax.config.update("jax_platforms", "cpu")
        runtime.set_up()
        with contextlib.redirect_stderr(io.StringIO()):  # who began this has shown it already
            variants = {variant.name: variant for variant in prepare(study)[1]}
        worker = Worker(study, variants, workdir, Trainer(workdir, pipe.send), pipe.send)
        while True:
            pipe.send(_result(worker, pipe.recv()))


def _result(worker: Worker, task: _Task) -> _Done:
    try:
        task.function(worker, *task.arguments)
    except Exception as error:
        error.add_note(traceback.format_exc())
        return _Done(error)
    return _Done(None)


def _end_with(parent: int) -> None:
    """Ends this process soon after the one that began it."""
    while os.getppid() == parent:
        time.sleep(_LOOK)
    os._exit(1)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
