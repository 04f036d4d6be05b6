"""Texts that users see, compared with the file in ``tests/report/snapshots`` that holds them.

A text that changed fails its test. After reading the difference, write the files anew with
``DEPTHSTUDY_SNAPSHOTS=write python -m pytest tests/report`` and commit them.
"""

import os
import re
from html.parser import HTMLParser
from pathlib import Path

SNAPSHOTS = Path(__file__).parents[1] / "report" / "snapshots"


def check(name, text):
    """Asserts that a text is the one in ``NAME.txt``, or writes it there."""
    path = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("DEPTHSTUDY_SNAPSHOTS") == "write":
        path.write_text(text + "\n", encoding="utf-8")
    assert path.exists(), f"{path} is missing; {__doc__}"
    assert text + "\n" == path.read_text(encoding="utf-8")


class Page(HTMLParser):
    """Collects tags, what a browser would fetch, links, and the text outside scripts."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.fetched, self.links, self.words = [], [], [], []
        self.inert, self.code = False, None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.inert = tag in ("script", "style")
        fields = dict(attrs)
        if tag == "code":
            self.code = ""
        self.fetched += [
            fields[key] for key in ("src", "srcset", "data", "poster") if key in fields
        ]
        if tag == "link":
            self.fetched.append(fields.get("href"))
        if tag == "a":
            self.links.append(fields["href"])

    def handle_endtag(self, tag):
        self.inert = False
        if tag == "code":
            self.words.append(re.sub(r"\s+", " ", self.code.strip()))
            self.code = None

    def handle_data(self, data):
        if self.code is not None:
            self.code += data
        elif not self.inert and data.strip():
            self.words.append(re.sub(r"\s+", " ", data.strip()))

    @property
    def text(self):
        """Returns the text, a line for each piece of it."""
        return "\n".join(self.words)
