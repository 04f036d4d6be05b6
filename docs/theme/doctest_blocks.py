"""Shows the examples of docstrings as code: they stand in the text, as doctest reads them."""

import re
from typing import Any

import griffe

_EXAMPLE = re.compile(r"(?m)^>>> .*\n(?:(?!\s*$).*\n?)*")


class DoctestBlocks(griffe.Extension):
    """Puts a fence around each run of lines that begins with ``>>>``."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Changes the docstring of what was read."""
        if obj.docstring is not None:
            text = obj.docstring.value + "\n"
            fenced = _EXAMPLE.sub(lambda match: f"```pycon\n{match[0].rstrip()}\n```\n", text)
            obj.docstring.value = fenced.replace("  # doctest: +SKIP", "").rstrip("\n")
