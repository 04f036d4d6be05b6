"""Every package says what is public in it, and has it."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

import depthstudy

ROOT = Path(depthstudy.__file__).parent
PACKAGES = sorted(
    ".".join(file.parent.relative_to(ROOT.parent).parts)
    for file in ROOT.rglob("__init__.py")
    if len(ast.parse(file.read_text(encoding="utf-8")).body) > 1  # a room without names
)


@pytest.mark.parametrize("name", PACKAGES)
def test_public_names(name: str) -> None:
    package = importlib.import_module(name)
    names = list(package.__all__)
    assert all(hasattr(package, public) for public in names)
    assert len(set(names)) == len(names)
    assert package.__doc__
