"""The hosts of this process's study: how it joins them, and leaves them."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import math
import pickle
import re
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import jax
import numpy as np

from depthstudy import interruption
from depthstudy.errors import FailedError, InputError
from depthstudy.hosts.agreement import Agreement
from depthstudy.hosts.board import Board
from depthstudy.hosts.flags import check_flags
from depthstudy.hosts.native_end import NativeEnd
from depthstudy.hosts.watch import GONE_SECONDS, Failure, Watch

_JOIN_SECONDS = 300  # in which all hosts have to come
_HEARTBEAT_SECONDS = 45  # of JAX, for what the watch cannot see: more than the watch waits
_LEAVE_SECONDS = 5.0
_SHARED, _THERE = "shared", "there"
_STATUS = re.compile(
    "(ABORTED|CANCELLED|DATA_LOSS|DEADLINE_EXCEEDED|FAILED_PRECONDITION|INTERNAL|UNAVAILABLE"
    "|UNKNOWN): "
)

T = TypeVar("T")


@dataclasses.dataclass
class _Group:
    """What a host has at hand once it has joined."""

    number: int
    count: int
    board: Board
    agreement: Agreement
    messages: Iterator[int] = dataclasses.field(default_factory=itertools.count)


_joined: list[_Group] = []  # of this process, as JAX has one client for a process


def _group() -> _Group | None:
    return _joined[0] if _joined else None


def number() -> int:
    """Returns which host this is, counted from 0."""
    group = _group()
    return 0 if group is None else group.number


def count() -> int:
    """Returns how many hosts there are, 1 where none was joined."""
    group = _group()
    return 1 if group is None else group.count


def is_writer() -> bool:
    """Returns whether this host decides and writes."""
    return number() == 0


def board() -> Board:
    """Returns where the hosts leave messages; there are several hosts."""
    group = _group()
    assert group is not None
    return group.board


def agreed_stop() -> Callable[[], bool]:
    """Begins a task that all hosts do in step.

    Returns:
      What says at each check in it whether all stop there, for ``interruption.deferred``.
    """
    group = _group()
    return interruption.requested if group is None else group.agreement.begin()


def from_writer(make: Callable[[], T]) -> T:
    """Returns what the writer makes, to every host; all have to call it in step.

    Args:
      make: Makes what can be pickled; it is called by the writer alone.
    """
    group = _group()
    if group is None or group.count == 1:
        return make()
    name = f"{_SHARED}/{next(group.messages)}"
    if group.number == 0:
        value = make()
        content = np.frombuffer(pickle.dumps(value), np.uint8)
        group.board.write(name, len(content))
        _broadcast(group, name, content)
        return value
    content = np.zeros(group.board.read(name), np.uint8)
    return pickle.loads(_broadcast(group, name, content).tobytes())


def _broadcast(group: _Group, name: str, content: np.ndarray) -> np.ndarray:
    """Returns what host 0 has, once all are there: devices wait for each other for 30 s at most."""
    from jax.experimental import multihost_utils

    group.board.write(f"{_THERE}/{name}/{group.number}", True)
    group.board.wait_for(f"{_THERE}/{name}", group.count, math.inf)
    return multihost_utils.broadcast_one_to_all(content)


@contextlib.contextmanager
def joined(
    coordinator: str | None = None,
    process_id: int | None = None,
    process_count: int | None = None,
    *,
    distributed: bool = False,
) -> Iterator[None]:
    """Has this process be one of several hosts meanwhile; without arguments it is alone.

    Call it before JAX's first use. Where a host fails, is killed or is asked to end, all end.

    Args:
      coordinator: Address and port of the first host.
      process_id: Which host this is, from 0.
      process_count: How many there are.
      distributed: Takes the three from the environment, as on TPU pods and under SLURM.

    Raises:
      InputError: The arguments do not fit together, or the environment does not have them.
      FailedError: The hosts did not all come.
    """
    check_flags(coordinator, process_id, process_count, distributed)
    if coordinator is None and not distributed:
        yield
        return
    _initialize(coordinator, process_id, process_count)
    state, agreement = _store_of_jax(), Agreement()
    board = Board(state.client)
    native_end = NativeEnd()
    watch = Watch(board, state.process_id, state.num_processes, agreement, native_end)
    _joined.append(_Group(state.process_id, state.num_processes, board, agreement))
    try:
        yield
    except BaseException as error:
        _leave_failing(watch, native_end, error)
        raise
    watch.close()
    jax.distributed.shutdown()
    native_end.close()
    _joined.clear()


def _store_of_jax() -> Any:
    """Returns JAX's state of the hosts, with their key-value store, which has no public name."""
    try:
        from jax._src.distributed import global_state
    except ImportError as error:
        raise FailedError(
            f"several hosts are not possible with JAX {jax.__version__}, which keeps their store"
            " elsewhere; the version in constraints.txt does"
        ) from error
    return global_state


def _initialize(coordinator: str | None, process_id: int | None, process_count: int | None) -> None:
    jax.config.update("jax_enable_preemption_service", False)
    try:
        jax.distributed.initialize(
            coordinator,
            process_count,
            process_id,
            cluster_detection_method=None if coordinator is None else "deactivate",
            initialization_timeout=_JOIN_SECONDS,
            heartbeat_timeout_seconds=_HEARTBEAT_SECONDS,
        )
    except ValueError as error:
        raise InputError(
            f"--distributed finds no hosts in the environment ({error}); it does on a TPU pod and "
            "under SLURM, Open MPI or Kubernetes; elsewhere give --coordinator, --process_id and "
            "--process_count"
        ) from error
    except jax.errors.JaxRuntimeError as error:
        raise FailedError(
            f"the hosts did not all come to {coordinator or 'the first one'} within "
            f"{_JOIN_SECONDS} s ({str(error).partition(chr(10))[0]}); start the same command on "
            "each of them"
        ) from error


def _is_of_program(error: BaseException) -> bool:
    """Whether a program has failed, which JAX tells as ValueError where it is run by the caller."""
    of_status = type(error) is ValueError and _STATUS.match(str(error)) is not None
    return of_status or isinstance(error, jax.errors.JaxRuntimeError)


def _leave_failing(watch: Watch, native_end: NativeEnd, error: BaseException) -> None:
    """Has the others end with this host, each with a line."""
    if isinstance(error, KeyboardInterrupt):
        watch.report(None, _LEAVE_SECONDS)
        return
    if _is_of_program(error):
        time.sleep(GONE_SECONDS + _LEAVE_SECONDS)  # if a host has gone, the watch ends this process
    text = str(error).partition("\n")[0] or type(error).__name__
    code = 2 if isinstance(error, InputError) else 1
    native_end.leave(code)
    watch.report(Failure(text, code), _LEAVE_SECONDS)
