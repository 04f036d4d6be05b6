"""Work of a study side by side on a CPU, in processes that share out its cores.

A net on small images leaves a second core idle for much of a step, and a third for nearly all of
it. Two nets, with a core each, do not wait for each other.

The processes are begun anew: a fork of one that has used JAX hangs, and ``multiprocessing`` would
import the caller's script once more. They know the config, and run the config file, which may
register families, probes or sources. They know nothing else of the process that began them, neither
what was set by ``jax.config`` nor what was registered while it ran.
"""

from __future__ import annotations

import collections
import contextlib
import io
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from multiprocessing import Pipe, connection
from pathlib import Path
from typing import Any, NamedTuple

from absl import logging

from depthstudy import config, interruption, runtime
from depthstudy.config import DataConfig, StudyConfig
from depthstudy.errors import FailedError, InputError, raised_by_user, show_warnings_as_lines
from depthstudy.execute.executors.executor import Worker
from depthstudy.execute.progress import EventSink
from depthstudy.execute.trainer import Trainer
from depthstudy.plan import prepare

_LOOK_SECONDS = 0.2  # seconds between two looks whether the process that began this one is there
_GRACE_SECONDS = 6  # seconds that a process has to save what it trains
_MOST_KILLS = 2  # processes that a task may cost before it is given up
_KILLED = (
    "two processes were killed at the same task, perhaps for want of memory; the same command goes "
    "on, and needs less memory with --config.processes=1"
)
_CHILD = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from depthstudy.execute.executors import worker_pool
worker_pool.serve(*map(int, sys.argv[2:]))
"""


class _Task(NamedTuple):
    function: Callable[..., None]
    arguments: tuple[Any, ...]


class _Done(NamedTuple):
    """The message that a task is done, or has raised an error."""

    error: Exception | None


class WorkerPool:
    """Processes that do tasks for this one, and end with it at the latest."""

    def __init__(
        self,
        study: StudyConfig,
        workdir: Path,
        processes: int,
        tasks: int,
        config_file: str | None = None,
        *,
        sets: Mapping[DataConfig, str] | None = None,
    ) -> None:
        """Starts the processes, to work in the folder of a study.

        Args:
          study: Its config.
          workdir: Its folder.
          processes: Each gets an equal share of the cores for as many, so that a run ends at the
            same bits however many are left.
          tasks: No more are started than there are tasks.
          config_file: The file of the config, as on the command line; each runs it first.
          sets: Name of the set of each ``data.source_key``, which they have to find again.
        """
        self._processes: list[_Process] = []
        self._threads = max(1, runtime.cores() // processes)
        self._job = study, sets or {}, workdir, config_file
        try:
            for _ in range(min(processes, tasks)):
                self._begin()
        except BaseException:
            self.close()
            raise

    def _begin(self) -> _Process:
        """Starts a process."""
        process = _Process(self._threads)
        self._processes.append(process)
        with contextlib.suppress(
            OSError
        ):  # that it was killed already shows when it is listened to
            process.pipe.send(self._job)
        return process

    def _replace(self, process: _Process) -> _Process:
        """Starts a process in place of one that was killed."""
        logging.warning(
            "a process was killed, perhaps for want of memory; another one goes on with what it did"
        )
        self._processes.remove(process)
        process.close(0)
        return self._begin()

    def close(self) -> None:
        """Ends the processes, whatever they are doing; files that they were writing are whole."""
        for process in self._processes:
            process.popen.terminate()
        deadline = time.monotonic() + _GRACE_SECONDS
        for process in self._processes:
            process.close(deadline)

    def do(
        self, function: Callable[..., None], tasks: Iterable[tuple[Any, ...]], sink: EventSink
    ) -> None:
        """Calls a function for each task in a process that is free, as ``function(worker, *task)``.

        Args:
          function: One that can be imported.
          tasks: Arguments for each call.
          sink: Is given the events of all calls.

        A process that is killed is replaced, and the new one goes on with its task.

        Raises:
          Exception: What a call has raised; then the processes can only be closed.
          FailedError: A task has cost as many processes as it may.
        """
        left = [_Task(function, task) for task in tasks]
        kills: collections.Counter[int] = collections.Counter()
        idle, busy = list(self._processes), dict[_Process, int]()
        open_tasks = collections.deque(range(len(left)))
        while open_tasks or busy:
            while open_tasks and idle:
                process = idle.pop(0)
                busy[process] = open_tasks.popleft()
                with contextlib.suppress(OSError):  # as above
                    process.pipe.send(left[busy[process]])
            ready: Any = connection.wait([process.pipe for process in busy])
            for process in [one for one in busy if one.pipe in ready]:
                try:
                    message = process.pipe.recv()
                except (EOFError, OSError):
                    task = busy.pop(process)
                    kills[task] += 1
                    if kills[task] == _MOST_KILLS:
                        raise FailedError(_KILLED) from None
                    open_tasks.appendleft(task)
                    idle.insert(0, self._replace(process))
                    continue
                if not isinstance(message, _Done):
                    sink(message)
                elif message.error:
                    raise message.error
                else:
                    del busy[process]
                    idle.append(process)


class _Process:
    """Another process, and the pipe to it."""

    def __init__(self, threads: int) -> None:
        self.pipe, child_end = Pipe()
        path = json.dumps([entry or os.getcwd() for entry in map(str, sys.path)])
        numbers = map(str, (child_end.fileno(), os.getpid()))
        self.popen = subprocess.Popen(
            [sys.executable, "-P", "-c", _CHILD, path, *numbers],
            env={**os.environ, runtime.THREADS: str(threads)},
            pass_fds=[child_end.fileno()],
            start_new_session=True,  # so that an interruption is for this process alone
        )
        child_end.close()

    def close(self, deadline: float) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(max(0, deadline - time.monotonic()))
        with contextlib.suppress(ProcessLookupError):  # its own processes, if it has any
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()
        self.pipe.close()


def serve(file: int, parent: int) -> None:
    """Does the tasks that come through a pipe, until its other end is closed."""
    interruption.install()
    interruption.begin()
    show_warnings_as_lines()
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    pipe = connection.Connection(file)
    # Asked to end, it has saved what it was training, and needs to tell nobody.
    with contextlib.suppress(EOFError, ConnectionError, KeyboardInterrupt):
        study, sets, workdir, config_file = pipe.recv()
        try:
            worker = _ready(study, sets, workdir, config_file, pipe.send)
        except Exception as error:
            pipe.send(_Done(_portable(error)))
            return
        while True:
            task = pipe.recv()
            try:
                task.function(worker, *task.arguments)
                pipe.send(_Done(None))
            except Exception as error:
                pipe.send(_Done(_portable(error)))


def _ready(
    study: StudyConfig,
    sets: Mapping[DataConfig, str],
    workdir: Path,
    config_file: str | None,
    sink: EventSink,
) -> Worker:
    runtime.use_cpu()
    runtime.set_up()
    # The process that began this one has shown already what is printed.
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        if config_file is not None:
            config.run_file(config_file)
        variants = {variant.name: variant for variant in prepare(study, sets)[1]}
    return Worker(study, variants, workdir, Trainer(workdir, sink), sink)


def _portable(error: Exception) -> Exception:
    """Returns an error, with where it was raised, as one that another process can read."""
    where = traceback.format_exc()
    if not isinstance(error, InputError):
        error = raised_by_user(error) or error
    error.add_note(where)
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(where)
    return error


def _end_with(parent: int) -> None:
    """Ends this process, and those that it began, soon after the one that began it."""
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os.killpg(0, signal.SIGKILL)
