import dataclasses

import pytest

from depthstudy import report
from depthstudy.report import costs, tables

RESCUES = {"plain": (0.5, 1.0), "residual": (0.02, 1.0), "repvgg": (0.3, 2.0), "silu": (0.49, 1.0)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, made):
    """Nets of one depth: error, which differs by one point a seed, and cost against the first."""
    infos, summary = [], []
    for name, (error, cost) in RESCUES.items():
        base = made.variant(name, 56, name)
        infos.append(dataclasses.replace(base, macs=round(base.macs * cost)))
        for seed in range(3):
            noise = 0.01 * seed * (1 if name != "silu" else -1)
            row = made.summarize(infos[-1], seed, error, error + noise)
            summary.append(dataclasses.replace(row, seconds=30.0 * cost))
    workdir = tmp_path_factory.mktemp("rescues")
    return made.save(workdir, made.describe(infos, 3, hypotheses=[]), [], summary)


def test_nets_of_one_depth_are_set_against_the_first(folder):
    study = tables.read(folder)
    assert costs.first(study) == "plain"
    rows = {row["name"]: row["change"] for row in costs.gains(study)}
    assert rows["plain"] == "–"
    assert rows["residual"] == "−48.0 (−48.0 to −48.0)"
    # The differences of silu are -1, -3 and -5 points: mean -3, half 4.303 * 2 / sqrt(3).
    assert rows["silu"] == "−3.0 (−8.0 to +2.0)"
    repvgg = costs.gains(study)[2]
    assert (repvgg["macs"], repvgg["time"]) == ("200%", "200%")
    assert costs.sentence(study) == (
        "Lower test error than plain: residual by 48.0 points (about the same MACs, about the same "
        "time) and repvgg by 20.0 points (2.0× the MACs, 2.0× the time). Not shown of silu."
    )


def test_the_page_shows_it(folder):
    html = report.write(folder).read_text(encoding="utf-8")
    assert "<th>Against plain</th>" in html
    assert "Not shown of silu." in html


def test_a_study_over_depth_has_no_first(workdir, html):
    assert costs.first(tables.read(workdir)) == ""
    assert costs.sentence(tables.read(workdir)) == ""
    assert costs.gains(tables.read(workdir)) == []
    assert "<th>Against" not in html
