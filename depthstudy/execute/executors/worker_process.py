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

import jax

from depthstudy import config, interruption, runtime
from depthstudy.config import DataConfig, StudyConfig
from depthstudy.errors import FailedError, InputError, raised_by_user, show_warnings_as_lines
from depthstudy.execute.executors.executor import Worker
from depthstudy.execute.progress import EventSink
from depthstudy.execute.trainer import Trainer
from depthstudy.plan import prepare
from depthstudy.store import bucket

_LOOK_SECONDS = 0.2  # seconds between two looks whether the process that began this one is there


class Call(NamedTuple):
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
    show_warnings_as_lines(bucket.shown)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    pipe = connection.Connection(file)
    # Asked to end, it has saved what it was training, and needs to tell nobody.
    with contextlib.suppress(EOFError, ConnectionError, KeyboardInterrupt):
        study, sets, workdir, config_file = pipe.recv()
        try:
            worker = ready(study, sets, workdir, config_file, pipe.send)
        except Exception as error:
            pipe.send(Done(portable(error)))
            return
        while True:
            call = pipe.recv()
            try:
                call.function(worker, *call.arguments)
                bucket.finish()
                pipe.send(Done(None))
            except Exception as error:
                pipe.send(Done(portable(error)))
    with contextlib.suppress(FailedError):  # whoever began this one says what it comes to
        bucket.finish()


def ready(
    study: StudyConfig,
    sets: Mapping[DataConfig, str],
    workdir: Path,
    config_file: str | None,
    sink: EventSink,
    platform: str = "cpu",
) -> Worker:
    """Returns what this process does tasks with.

    Args:
      study: The config.
      sets: Name of the set that each ``data.source_key`` has to give.
      workdir: Folder of the study.
      config_file: The file of the config, which is run first, or ``None``.
      sink: Is given the events.
      platform: What JAX has to find here.

    Raises:
      InputError: It finds something else, or other images.
    """
    if platform == "cpu":
        runtime.use_cpu()
    runtime.set_up()
    if jax.default_backend() != platform:
        raise InputError(
            f"a worker was given a {platform}, and JAX finds a {jax.default_backend()} there:"
            f" install JAX for the {platform} on every machine"
        )
    # The process that began this one has shown already what is printed.
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        if config_file is not None:
            config.run_file(config_file)
        variants = {variant.name: variant for variant in prepare(study, sets)[1]}
    return Worker(study, variants, workdir, Trainer(workdir, sink), sink)


def portable(error: Exception) -> Exception:
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
