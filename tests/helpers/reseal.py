"""Tables that a test has changed count as written so."""

import json
from pathlib import Path

from depthstudy import store


def reseal(folder: Path) -> None:
    """Has ``study.json`` or ``analysis.json`` know no hashes of the tables beside it."""
    for path in (folder / "study.json", folder / "analysis.json"):
        if path.exists():
            store.write_json(path, {**json.loads(path.read_text("utf-8")), "files": {}})
