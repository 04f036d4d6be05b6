"""Several hosts that run one study: who writes, what all agree on, and how all end together.

Every host runs the same command. Host 0, the writer, plans, decides and writes; the others do what
it asks for (``execute.follow``). They talk by the key-value store of ``jax.distributed``, which
needs no device, and in a task that all do in step by collectives of the devices as well.

JAX has a mechanism of its own for preemption, ``multihost_utils.reached_preemption_sync_point``. It
takes SIGTERM away from the process, knows nothing of other signals, and reaches no host that waits
or trains by itself. So it is switched off, and ``agreement`` does what it does for all of these.
"""

from depthstudy.hosts.board import Board
from depthstudy.hosts.group import (
    agreed_stop,
    board,
    count,
    from_writer,
    is_writer,
    joined,
    number,
)

__all__ = [
    "Board",
    "agreed_stop",
    "board",
    "count",
    "from_writer",
    "is_writer",
    "joined",
    "number",
]
