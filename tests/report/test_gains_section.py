import dataclasses

import made_interventions
import pytest

from depthstudy import report
from depthstudy.report import tables
from depthstudy.report.sections.costs import costs, gains


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return made_interventions.rescued_study(tmp_path_factory.mktemp("rescues"))


def test_nets_of_one_depth_are_set_against_the_first(folder):
    study = tables.read_study(folder)
    section = gains.section(study)
    assert section.title == "What each variant gains on plain"
    (table,) = (block for block in section.blocks if hasattr(block, "rows"))
    rows = {row.label: row.cells for row in table.rows}
    assert rows["plain"][1] == "–"
    for gain in study.gains[1:]:
        size = f"{100 * gain.change:+.1f} ({100 * gain.low:+.1f} to {100 * gain.high:+.1f})"
        assert rows[gain.variant][1] == size.replace("-", "−")
    assert rows["residual"][1].startswith("−48.0 (")
    assert rows["silu"][1].startswith("−3.0 (")
    assert rows["repvgg"][2:] == ("200%", "200%")
    assert gains.sentence(study) == (
        "Lower test error than plain: residual by 48.0 points (about the same MACs, about the same "
        "time) and repvgg by 20.0 points (2.0× the MACs, 2.0× the time). Not shown of silu."
    )


def test_a_small_part_of_the_cost_is_not_called_none(folder):
    study = tables.read_study(folder)
    cheap = [dataclasses.replace(gain, macs=0.02, seconds=0.04) for gain in study.gains]
    sentence = gains.sentence(dataclasses.replace(study, gains=tuple(cheap)))
    assert "residual by 48.0 points (0.02× the MACs, 0.04× the time)" in sentence


@pytest.mark.parametrize(("field", "mark"), [(20, ""), (40, "▲")])
def test_a_net_sees_beyond_an_image_that_is_all_within_its_field(folder, field, mark):
    study = tables.read_study(folder)
    infos = [
        dataclasses.replace(info, receptive_field=field, image_shape=(8, 32, 1))
        for info in study.info.variants
    ]
    info = dataclasses.replace(study.info, variants=tuple(infos))
    table, _ = (
        block
        for block in costs.section(dataclasses.replace(study, info=info)).blocks
        if hasattr(block, "rows")
    )
    assert {row.cells[6].mark for row in table.rows} == {mark}


def test_two_seeds_show_nothing(folder):
    study = tables.read_study(folder)
    few = [dataclasses.replace(gain, seeds=2) for gain in study.gains]
    sentence = gains.sentence(dataclasses.replace(study, gains=tuple(few)))
    assert sentence == "No variant is shown to have a lower test error than plain."


def test_the_page_shows_it(folder, bare):
    html = report.write(folder).read_text(encoding="utf-8")
    assert "<th>Against plain</th>" in html
    assert "Lower test error than plain: residual by 48.0 points" in html


def test_a_study_over_depth_has_no_first(workdir, html):
    assert gains.section(tables.read_study(workdir)) is None
    assert "<th>Against" not in html
