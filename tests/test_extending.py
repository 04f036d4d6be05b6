"""``docs/extending.md``: everything that it adds is one file and one line, and is there then."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import extending
import pytest
from extending import ROOT, python
from snapshots import Page

from depthstudy import records, store

DOCTESTS = """
import doctest
print(*doctest.testfile("extending.txt", False, optionflags=doctest.ELLIPSIS))
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a folder with all that the document adds."""
    folder = tmp_path_factory.mktemp("extending")
    extending.write_all(folder)
    return folder


def test_each_is_one_file_and_one_line_besides_its_import() -> None:
    entries = {
        heading: list(group)
        for heading, group in itertools.groupby(extending.blocks(), lambda block: block.heading)
    }
    assert len(entries) == 9
    for heading, entry in entries.items():
        files = [block.file for block in entry if block.language == "python"]
        diffs = [block for block in entry if block.language == "diff"]
        lines = [line for diff in diffs for line in diff.lines if line.startswith("+")]
        registering = [line for line in lines if not line.startswith("+from ")]
        if heading in ("A treatment", "Your own Flax module"):  # which are not registered
            assert (diffs, files[-1].endswith("_study.py")) == ([], True)
        else:
            assert (len(files), len(diffs), len(registering)) == (1, 1, 1), heading


def test_what_it_shows_is_what_one_gets(package: Path) -> None:
    shown = ["\n".join(b.lines) for b in extending.blocks() if b.language == "pycon"]
    (package / "extending.txt").write_text("\n\n".join(shown) + "\n", "utf-8")
    done = python(package, "-W", "error", "-c", DOCTESTS)
    examples = sum(line.startswith(">>> ") for text in shown for line in text.splitlines())
    assert (done.stdout, done.returncode) == (f"0 {examples}\n", 0), done.stdout + done.stderr


@pytest.mark.slow
def test_family_source_probe_treatment_and_section_are_in_a_study(package: Path) -> None:
    done = python(package, str(ROOT / "scripts/run.py"), "--config=isotropic_study.py")
    assert done.returncode == 0, done.stderr
    workdir = package / "results/isotropic"
    info = store.read_info(workdir)
    assert info is not None
    assert info.processes == 2
    rows = [(v.name, v.group, v.treatment, v.parameters) for v in info.variants]
    # A stem of 72 + 16, blocks of 2 * (576 + 16), a classifier of 2 * (8 + 1).
    assert rows == [
        ("depth4", "isotropic", "", 88 + 1184 + 18),
        ("depth8", "isotropic", "", 88 + 3 * 1184 + 18),
        ("depth4+weight_decay", "isotropic + weight_decay", "weight_decay", 88 + 1184 + 18),
        ("depth8+weight_decay", "isotropic + weight_decay", "weight_decay", 88 + 3 * 1184 + 18),
    ]
    run = store.RunStore.of(workdir, "depth4", 0).read_info()
    assert run is not None
    assert (run.dataset[:8], run.class_names) == ("stripes_", ("across", "down"))
    summary = store.read_table(workdir / store.SUMMARY, records.Summary)
    errors = summary[summary["variant"] == "depth4"]["train_error"]
    assert (errors < 0.25).all()  # of two classes
    measured = store.read_table(workdir / store.RECORDS, records.Record)
    measured = measured[(measured["probe"] == "kernel_norm") & (measured["variant"] == "depth8")]
    norms = measured[measured["metric"] == "kernel_norm"].set_index("layer", drop=False)["value"]
    assert list(norms.index.fillna("")) == [*(f"stage1/block0{n}" for n in (1, 2, 3)), ""]
    blocks, whole = norms.iloc[:3], norms.iloc[3]
    assert 0 < (blocks**2).sum() < whole**2  # the stem and the classifier have kernels, too
    text = Page((workdir / "report.html").read_text("utf-8")).text
    for words in ("The slowest run", "took longest", "Size of kernels", "Kernel norm"):
        assert words in text
    assert "Weight decay" in text or "weight decay" in text
    again = python(package, str(ROOT / "scripts/analyze.py"), "--probes=kernel_norm",
                   f"--run={workdir}/runs/depth4/seed0", "--workdir=looked_at")  # fmt: skip
    assert again.returncode == 0, again.stderr
    text = Page((package / "looked_at/analysis.html").read_text("utf-8")).text
    assert "Size of kernels" in text


@pytest.mark.slow
def test_an_own_module_is_trained_and_measured_beside_a_resnet(package: Path) -> None:
    done = python(package, str(ROOT / "scripts/run.py"), "--config=stack_study.py")
    assert done.returncode == 0, done.stderr
    workdir = package / "results/stack"
    info = store.read_info(workdir)
    assert info is not None
    assert info.processes == 2
    nets = {variant.name: (variant.group, variant.depth) for variant in info.variants}
    assert nets == {"resnet": ("resnet", 8), "stack4": ("Stack", 4), "stack7": ("Stack", 7)}
    # Kernels of 3x3 and biases, from 1 channel and from 8; and the dense layer of ten classes.
    stack = next(variant for variant in info.variants if variant.name == "stack4")
    assert stack.parameters == (72 + 8) + 3 * (576 + 8) + 90
    rows = store.RunStore.of(workdir, "stack4", 0).read_probes()
    probes = {(row.probe, row.layer) for row in rows}
    assert {("kernel_norm", f"conv{n}") for n in range(4)} <= probes
    assert ("gradients", "conv3") in probes
    refused = [row.metric for row in rows if row.metric.startswith(records.NOT_APPLICABLE)]
    assert len(refused) == 1  # "field" asks for an architecture value
    text = Page((workdir / "report.html").read_text("utf-8")).text
    for words in ("resnet", "stack4", "stack7", "Size of kernels"):
        assert words in text
    assert dataclasses.asdict(info)["config"]["variants"][1][0] == "stack4"
