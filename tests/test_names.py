"""Names say what a value is: those that could stand for anything are used for nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = ("depthstudy", "tests", "configs", "scripts")
VAGUE = {"found", "own", "mine", "told", "said", "kin", "here", "there"}


def bound(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yields the line and the name of each variable, parameter, function and class."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield node.lineno, name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name.strip("_").lower()


def test_no_name_is_vague() -> None:
    """``rows``, ``error`` or ``paths`` can be read alone; CONTRIBUTING.md asks for such."""
    files = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    assert len(files) > 900
    vague = [
        f"{path.relative_to(ROOT)}:{line} {name}"
        for path in files
        for line, name in (*bound(ast.parse(path.read_text("utf-8"))), (0, path.stem))
        if name in VAGUE
    ]
    assert not vague
