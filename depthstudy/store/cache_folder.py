"""The folder of what can be made, or fetched, again."""

from __future__ import annotations

import os
from pathlib import Path


def cache_dir() -> Path:
    """Returns the folder for what can be made again, as prepared sets and compiled programs."""
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "depthstudy"
