"""What a user's own code does: it is there in every process, and its errors say where they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import run_bad_input, run_script

from depthstudy import store

REGISTERING = """
import numpy as np
from narrow_nets import narrow

from depthstudy import arch, config, data, probes
from depthstudy.data.sources.registry import SOURCES
from depthstudy.probes import Measurement, Probe
from depthstudy.records import Metric

def answer(probe_input):
    return [Measurement("", "answer", 42.0)]

def stripes(asked):
    images = np.zeros((64, 8, 8), np.uint8)
    images[::2, :, ::2] = images[1::2, ::2] = 255
    split = images, np.arange(64) % 2
    return data.array_source({"train": split, "test": split}, name="stripes")

def get_config(width):
    arch.FAMILIES["narrow"] = narrow
    SOURCES["stripes"] = stripes
    metric = Metric(name="answer", title="Answer", description="the answer")
    probes.PROBES["answer"] = Probe(
        title="Answers", description="an answer", measure=answer, metrics=(metric,)
    )
    study = config.defaults()
    study.name = "narrow"
    study.model.family = "narrow"
    study.sweep = (("model.depth", (8, 14)),)
    study.model.width = int(width)
    study.data.name = "stripes"
    study.probes = ("answer",)
    study.train.batch_size = 32
    study.train.steps = 2
    study.train.evaluations = 1
    study.processes = 2
    return study
"""
NARROW = """
from depthstudy import arch

def narrow(*, depth: int = 8, width: int = 2, num_classes: int = 10) -> arch.ArchSpec:
    return arch.build("resnet", depth=depth, width=width, layout="cifar", num_classes=num_classes)
"""


@pytest.mark.slow
def test_what_a_config_file_registers_is_there_in_every_process(tmp_path: Path) -> None:
    (tmp_path / "study.py").write_text(REGISTERING)
    (tmp_path / "narrow_nets.py").write_text(NARROW)
    workdir = tmp_path / "work"
    done = run_script(f"--config={tmp_path}/study.py:3", f"--workdir={workdir}")
    assert done.returncode == 0, done.stderr
    info = store.read_info(workdir)
    assert info is not None
    assert info.processes == 2
    assert [variant.group for variant in info.variants] == ["narrow", "narrow"]
    rows = store.RunStore.of(workdir, "depth14", 0).read_probes()
    assert [row.value for row in rows if row.metric == "answer"] == [42.0]
    run_info = store.RunStore.of(workdir, "depth14", 0).read_info()
    assert run_info is not None
    assert run_info.config["model"]["width"] == 3
    assert run_info.dataset.startswith("stripes")


BAD = """
from depthstudy import arch, config, questions

def spacing():
    return undefined_name

def get_config(what):
    {"name": spacing, "type": lambda: 1 + "a", "file": lambda: open("absent.txt"),
     "input": lambda: questions.claim("a", "huge"), "key": lambda: {}["absent"], "no": int}[what]()
    study = config.defaults()
    study.model.family = "broken"
    arch.FAMILIES["broken"] = broken
    return study

def broken(*, num_classes: int) -> arch.ArchSpec:
    raise RuntimeError("no such\\nnet")
"""


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("name", "bad.py:5: NameError: name 'undefined_name' is not defined"),
        ("type", "bad.py:8: TypeError: unsupported operand type(s) for +: 'int' and 'str'"),
        ("file", "bad.py:8: FileNotFoundError: [Errno 2] No such file or directory: 'absent.txt'"),
        ("input", "bad.py:9: no size 'huge' of a claim; allowed: small, full, smoke"),
        ("key", "bad.py:9: KeyError: 'absent'"),
        ("no", "bad.py:16: RuntimeError: no such net"),
    ],
)
def test_an_error_of_a_users_code_is_one_line_with_its_place(
    what: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / "bad.py").write_text(BAD)
    done = run_bad_input(f"--config=bad.py:{what}", "--dry_run", cwd=tmp_path)
    assert done.stderr == f"error: {message}\n"
    assert done.returncode == 2


def test_a_syntax_error_has_its_place_too(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("x = 1\nx = = 2\n")
    done = run_bad_input("--config=bad.py", "--dry_run", cwd=tmp_path)
    assert done.stderr == "error: bad.py:2: SyntaxError: invalid syntax\n"


@pytest.mark.parametrize("how", [("--verbosity=1", {}), ("", {"DEPTHSTUDY_TRACEBACK": "1"})])
def test_the_traceback_can_be_seen(how: tuple[str, dict[str, str]], tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text(BAD)
    flag, variables = how
    arguments = ["--config=bad.py:no", "--dry_run", *([flag] if flag else [])]
    done = run_bad_input(*arguments, cwd=tmp_path, **variables)
    assert "in broken" in done.stderr
    assert done.stderr.endswith("error: bad.py:16: RuntimeError: no such net\n")
    assert done.returncode == 2
