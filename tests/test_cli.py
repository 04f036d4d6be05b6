"""Overrides on the command line: ``None`` empties a field that may be empty."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from programs import ROOT, run_bad_input

CONFIG = "--config=configs/quickstart.py:fashion_mnist"
EXAMPLES = "--config.data.train_examples"


def parse(*arguments: str, config: str = CONFIG) -> subprocess.CompletedProcess[str]:
    return run_bad_input(config, *arguments, script="tests/helpers/given_fields.py")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((f"{EXAMPLES}=None", "--config.model.layout=None"), "None None None"),
        ((f"{EXAMPLES}=None", f"{EXAMPLES}=100", "--config.model.norm=none"), "100 None none"),
        ((f"{EXAMPLES}=100", f"{EXAMPLES}=None", "--config.model.layout=small"), "None small None"),
    ],
)
def test_none_empties_a_field(arguments: tuple[str, ...], expected: str) -> None:
    assert parse(*arguments).stdout.strip() == expected


def test_a_name_that_is_no_text_is_printed_all_the_same(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/\xff"
    code = "import os; from depthstudy import cli; cli.run(lambda: print(os.path.basename(FOLDER)))"
    done = subprocess.run(
        [sys.executable, "-c", code.replace("FOLDER", f"os.fsdecode({folder!r})")],
        cwd=ROOT,
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "utf-8:strict"},
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, b"\\udcff\n")


def test_a_field_that_cannot_be_empty_is_refused() -> None:
    done = parse("--config.seeds=None")
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--config.model.depth=56",), "config.model.depth is set by each of config.variants"),
        (
            ("--config.train.steps=4", "--config.train.epochs=3"),
            "config.train.epochs is not read, as config.train.steps=4 is set",
        ),
    ],
)
def test_an_override_that_would_change_nothing_is_refused(
    arguments: tuple[str, ...], message: str
) -> None:
    done = parse(*arguments, config="--config=configs/pruning.py")
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {message}")
    assert done.stderr.count("\n") == 1


def test_variants_that_keep_values_of_their_own_are_named() -> None:
    done = parse(
        "--config.train.epochs=5", "--config.seeds=1", config="--config=configs/pruning.py"
    )
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        "config.train.epochs=5 is not that of depth14_longer, depth20_longer, depth44_longer, where"
        " config.variants sets 12"
    ]
