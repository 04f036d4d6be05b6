"""The examples of docstrings: each gives what it says it gives."""

from __future__ import annotations

import ast
import doctest
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

import depthstudy

PACKAGE = Path(depthstudy.__file__).parent


def docstrings() -> Iterator[tuple[str, str, str]]:
    """Yields module, name and text of each docstring with an example."""
    for file in sorted(PACKAGE.rglob("*.py")):
        code = file.read_text(encoding="utf-8")
        if ">>> " not in code:
            continue
        module = ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts)
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                text = ast.get_docstring(node) or ""
                if ">>> " in text:
                    yield module.removesuffix(".__init__"), getattr(node, "name", ""), text


EXAMPLES = [pytest.param(*case, id=".".join(filter(None, case[:2]))) for case in docstrings()]


@pytest.mark.parametrize(("module", "name", "text"), EXAMPLES)
def test_example(module: str, name: str, text: str) -> None:
    loaded = importlib.import_module(module)
    test = doctest.DocTestParser().get_doctest(text, dict(vars(loaded)), name, loaded.__file__, 0)
    output: list[str] = []
    doctest.DocTestRunner().run(test, out=output.append)
    assert not output, "".join(output)
