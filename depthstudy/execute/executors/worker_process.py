"""What a process of a ``WorkerPool`` does: the tasks that it is sent, until nobody sends any."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import signal
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from multiprocessing import connection
from pathlib import Path
from typing import Any, NamedTuple

from depthstudy import config, interruption, runtime
from depthstudy.config import DataConfig, StudyConfig
from depthstudy.errors import InputError, raised_by_user, show_warnings_as_lines
from depthstudy.execute.executors.executor import Worker
from depthstudy.execute.progress import EventSink
from depthstudy.execute.trainer import Trainer
from depthstudy.plan import prepare

_LOOK_SECONDS = 0.2  # seconds between two looks whether the process that began this one is there


class Task(NamedTuple):
    """The message that a function is to be called with a worker and these arguments."""

    function: Callable[..., None]
    arguments: tuple[Any, ...]


class Done(NamedTuple):
    """The message that a task is done, or has raised an error."""

    error: Exception | None


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
            pipe.send(Done(_portable(error)))
            return
        while True:
            task = pipe.recv()
            try:
                task.function(worker, *task.arguments)
                pipe.send(Done(None))
            except Exception as error:
                pipe.send(Done(_portable(error)))


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
