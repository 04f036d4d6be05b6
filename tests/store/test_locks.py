"""Where a file system has no locks, a line says which file it is of."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

import pytest

from depthstudy import store
from depthstudy.errors import InputError


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ENOSYS])
def test_a_file_system_without_locks_is_named(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", refuse)
    line = rf"{tmp_path}/.lock cannot be locked \({os.strerror(code)}\): mount its file system"
    with pytest.raises(InputError, match=line), store.lock(tmp_path):
        pass
