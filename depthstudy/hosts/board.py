"""Where hosts leave messages for each other: the key-value store of ``jax.distributed``."""

from __future__ import annotations

import pickle
import time
from typing import Any

import jax

_ROOM = "depthstudy"
_LOOK_MILLISECONDS = 500  # in which a host that waits looks at its signals
_LATE = "DEADLINE_EXCEEDED"
_PAUSE = 0.05  # seconds between two looks


class Board:
    """Messages by name, each written once unless it says otherwise."""

    def __init__(self, client: Any) -> None:
        """Writes to the store of a client of ``jax.distributed``."""
        self._client = client

    def write(self, name: str, value: Any, *, again: bool = False) -> None:
        """Leaves a message; ``again`` lets it take the place of an earlier one."""
        self._client.key_value_set_bytes(f"{_ROOM}/{name}", pickle.dumps(value), again)

    def read(self, name: str) -> Any:
        """Returns a message, and waits until it is there."""
        while True:
            try:
                content = self._client.blocking_key_value_get_bytes(
                    f"{_ROOM}/{name}", _LOOK_MILLISECONDS
                )
            except jax.errors.JaxRuntimeError as error:
                if _LATE not in str(error):
                    raise
            else:
                return pickle.loads(content)

    def under(self, folder: str) -> dict[str, Any]:
        """Returns the messages whose names begin with ``folder/``, by the rest of their names."""
        prefix = f"{_ROOM}/{folder}/"
        entries = self._client.key_value_dir_get_bytes(prefix)
        return {name.removeprefix(prefix): pickle.loads(content) for name, content in entries}

    def wait_for(self, folder: str, messages: int, seconds: float) -> dict[str, Any]:
        """Returns the messages of a folder, once there are so many or the time is over."""
        deadline = time.monotonic() + seconds
        while len(received := self.under(folder)) < messages and time.monotonic() < deadline:
            time.sleep(_PAUSE)
        return received

    def next_number(self, name: str) -> int:
        """Returns 0, 1, 2 and so on, each number to one host alone."""
        return int(self._client.key_value_increment(f"{_ROOM}/{name}", 1)) - 1

    def remove(self, name: str) -> None:
        """Removes a message, or all that begin with ``name/``."""
        self._client.key_value_delete(f"{_ROOM}/{name}")
