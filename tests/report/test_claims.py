"""The document on claims, from made-up studies: finished, unfinished and without intervals."""

from __future__ import annotations

import math
from pathlib import Path

import made_study
import pytest
from made_study import METRICS
from programs import ROOT, run_bad_input

from depthstudy import report
from depthstudy.records import Verdict
from depthstudy.report import claims
from depthstudy.report.claims import Claim
from depthstudy.report.text.quantities import quantity

SCRIPT = "scripts/claims.py"


def claim(name: str, workdir: Path, figure: str = "") -> Claim:
    return Claim(name, f"Deep {name}.", "Look.", "It is so.", f"run {name}", workdir, figure)


@pytest.fixture(scope="module")
def written(workdir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A document on one study that is finished and one that is not."""
    path = tmp_path_factory.mktemp("docs") / "claims.md"
    studied_claims = [claim("deep_nets", workdir), claim("absent", workdir / "absent")]
    assert report.write_claims(studied_claims, path) == path
    return path


def rows(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_table_has_verdict_effect_and_seeds(written: Path) -> None:
    header, done, absent = rows(written.read_text(encoding="utf-8"))
    assert header == ["claim", "verdict", "effect", "seeds", "picture", "command"]
    assert done[0] == "1. [deep_nets](#1-deep-nets): Deep deep_nets."
    assert done[1] == "supported"
    assert done[2].startswith("train error +")
    assert " points (95% interval +" in done[2]
    assert done[3:] == ["3", "[svg](claims/deep_nets.svg)", "`run deep_nets`"]
    assert absent[1:] == ["not run", "–", "–", "–", "`run absent`"]


def test_each_claim_has_its_section(written: Path) -> None:
    text = written.read_text(encoding="utf-8")
    assert "1 of 2 studies were run, which took 7 min 31 s in all (cpu, x86_64, 2 cores)." in text
    assert "Not run yet: absent." in text
    _, done, absent = text.split("\n## ")
    assert done.startswith("1. Deep nets\n")
    assert done.count("\n- ") == 3
    assert "- ✓ **supported**: Train error of plain nets rises with depth. Train error rose" in done
    assert "- ? **inconclusive**: Train error of residual nets" in done
    assert "](claims/deep_nets.svg)" in done
    assert "8 variants × 3 seeds on digits, images 8 × 8 × 1, 460 steps; 7 min 31 s:" in done
    for section in (done, absent):
        assert "**In practice:** Look. **At scale:** It is so." in section
    assert "Not run yet; to run it:\n\n```\nrun absent\n```" in absent


def test_the_picture_is_the_figure_that_is_named(workdir: Path, tmp_path: Path) -> None:
    for figure, source in (
        ("", "error_against_depth"),
        ("error_against_cost", "error_against_cost"),
        ("no_such_figure", "error_against_depth"),
    ):
        report.write_claims([claim("deep_nets", workdir, figure)], tmp_path / "d.md")
        original = (workdir / "figures" / f"{source}.svg").read_bytes()
        assert (tmp_path / "d" / "deep_nets.svg").read_bytes() == original


def verdict(effect: float, low: float, high: float) -> Verdict:
    return Verdict(hypothesis="h", verdict="inconclusive", effect=effect, low=low, high=high,
                   p=0.5, seeds=3, seeds_to_settle=None)  # fmt: skip


@pytest.mark.parametrize(
    ("metric", "estimate", "text"),
    [
        ("gap", (0.012, -0.001, 0.025), " +1.2 points (95% interval −0.1 to +2.5)"),
        ("parameters", (0.0, 0.0, 0.0), " 0 (95% interval 0 to 0)"),
        ("run.step_memory_bytes", (-2e6, math.nan, math.nan), " −2.0 MB (no interval)"),
        ("gap", (math.nan, math.nan, math.nan), "–"),
    ],
)
def test_effects(metric: str, estimate: tuple[float, float, float], text: str) -> None:
    assert claims.effect(quantity(metric, METRICS), verdict(*estimate)).endswith(text)


def test_the_script_reads_what_is_there(tmp_path: Path) -> None:
    report.write(made_study.fake_study(tmp_path / "studies" / "degradation"))
    out = tmp_path / "docs" / "claims.md"
    done = run_bad_input(f"--workdir={tmp_path / 'studies'}", f"--out={out}", script=SCRIPT)
    assert (done.returncode, done.stdout) == (0, f"claims: {out}\n"), done.stderr
    _, first, *others = rows(out.read_text(encoding="utf-8"))
    assert first[1] == "supported"
    assert "run claims/degradation --workdir=" in first[5]
    assert {row[1] for row in others} == {"not run"}
    configs = {path.stem for path in (ROOT / "configs" / "claims").glob("*.py")}
    assert {row[0].split("[")[1].split("]")[0] for row in (first, *others)} == configs
    missing = run_bad_input(f"--workdir={tmp_path / 'absent'}", script=SCRIPT)
    assert missing.returncode == 2
    assert "`make claims` runs them" in missing.stderr
