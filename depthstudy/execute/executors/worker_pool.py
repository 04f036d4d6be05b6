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
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from multiprocessing import Pipe, connection
from pathlib import Path
from typing import Any

from absl import logging

from depthstudy import runtime
from depthstudy.config import DataConfig, StudyConfig
from depthstudy.errors import FailedError
from depthstudy.execute.executors.executor import ExecutorTask
from depthstudy.execute.executors.task_queue import TaskQueue
from depthstudy.execute.executors.worker_process import Call, Done
from depthstudy.execute.progress import EventSink
from depthstudy.store import bucket

_LOOK_SECONDS = 1.0  # between two looks whether the bucket is still this study's
_GRACE_SECONDS = 6  # seconds that a process has to save what it trains
_MOST_KILLS = 2  # processes that a task may cost before it is given up
_KILLED = (
    "two processes were killed at the same task, perhaps for want of memory; the same command goes "
    "on, and needs less memory with --config.processes=1"
)
_CHILD = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from depthstudy.execute.executors import worker_process
worker_process.serve(*map(int, sys.argv[2:]))
"""


class WorkerPool:
    """Processes that do tasks for this one, and end with it at the latest."""

    def __init__(
        self,
        study: StudyConfig,
        workdir: Path,
        processes: int,
        config_file: str | None = None,
        *,
        sets: Mapping[DataConfig, str] | None = None,
    ) -> None:
        """Starts no process before it has a task, which is in the folder of a study.

        Args:
          study: Its config.
          workdir: Its folder.
          processes: How many there are at most. Each gets an equal share of the cores for as many,
            so that a run ends at the same bits however many are left.
          config_file: The file of the config, as on the command line; each runs it first.
          sets: Name of the set of each ``data.source_key``, which they have to find again.
        """
        self._processes: list[_Process] = []
        self._most = processes
        self._threads = max(1, runtime.cores() // processes)
        self._job = study, sets or {}, workdir, config_file

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

    def _check_bucket(self) -> None:
        """Kills the processes where the bucket is another's: asked to end, they would save."""
        try:
            bucket.check(self._job[2])
        except FailedError:
            while self._processes:
                self._processes.pop().close(0)
            raise

    def close(self) -> None:
        """Ends the processes, whatever they are doing; files that they were writing are whole."""
        for process in self._processes:
            process.popen.terminate()
        deadline = time.monotonic() + _GRACE_SECONDS
        for process in self._processes:
            process.close(deadline)

    def do(
        self, function: Callable[..., None], tasks: Iterable[ExecutorTask], sink: EventSink
    ) -> None:
        """Calls ``function(worker, *arguments)`` for each task in a process that is free.

        Args:
          function: One that can be imported.
          tasks: The calls.
          sink: Is given the events of all calls.

        A process that is killed is replaced, and the new one goes on with its task.

        Raises:
          Exception: What a call has raised; then the processes can only be closed.
          FailedError: A task has cost as many processes as it may, or another process has taken
            over the bucket of the study.
        """
        queue = TaskQueue(tasks, self._most)
        kills: collections.Counter[int] = collections.Counter()
        idle, busy = list(self._processes), dict[_Process, int]()
        while queue.is_open or busy:
            while queue.is_open and (idle or len(self._processes) < self._most):
                process = idle.pop(0) if idle else self._begin()
                busy[process], task = queue.take(process.about, {one.about for one in busy})
                process.about = task.about
                with contextlib.suppress(OSError):  # as above
                    process.pipe.send(Call(function, task.arguments))
            ready: Any = connection.wait([process.pipe for process in busy], _LOOK_SECONDS)
            self._check_bucket()
            for process in [one for one in busy if one.pipe in ready]:
                try:
                    message = process.pipe.recv()
                except (EOFError, OSError):
                    number = busy.pop(process)
                    kills[number] += 1
                    if kills[number] == _MOST_KILLS:
                        raise FailedError(_KILLED) from None
                    queue.put_back(number)
                    idle.insert(0, self._replace(process))
                    continue
                if not isinstance(message, Done):
                    sink(message)
                elif message.error:
                    raise message.error
                else:
                    del busy[process]
                    idle.append(process)


class _Process:
    """Another process, the pipe to it, and what its last task was about."""

    about = ""

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
