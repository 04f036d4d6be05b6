import json

import made_analysis
import pytest
import vl_convert
from made_analysis import described, rows_of, save

from depthstudy.report import tables
from depthstudy.report.analysis import gradients, layers, numbers, receptive_field, similarity
from depthstudy.report.blocks import Table
from depthstudy.report.charts.layers import deletion, heat, profile
from depthstudy.report.tables import nets
from depthstudy.report.tables.analysis import labels
from depthstudy.report.text import palette


@pytest.fixture
def two(tmp_path):
    return made_analysis.save_two(tmp_path)


def test_runs_are_told_apart():
    first = described()
    assert labels([first]) == ["resnet"]
    assert labels([first, described("plain")]) == ["resnet", "plain"]
    assert labels([first, described(seed=1)]) == ["resnet, seed 0", "resnet, seed 1"]
    moved = described(folder="elsewhere")
    assert labels([first, moved]) == [
        "results/made/runs/resnet/seed0, step 460",
        "elsewhere, step 460",
    ]


def test_runs_of_one_name_keep_their_own_rows(tmp_path):
    runs = [described(), described(folder="elsewhere")]
    save(tmp_path, runs, [*rows_of(runs[0]), *rows_of(runs[1], wobble=0.5)])
    first, second = tables.read_analysis(tmp_path).nets
    assert len(first.table) == len(second.table) == len(rows_of(runs[0]))
    assert first.whole("isometry", "isometry_distance") == 0.25
    assert second.whole("isometry", "isometry_distance") == 0.75


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("stem/conv", "stem"),
        ("stage1/block02/conv1", "1.2 conv1"),
        ("stage2/block10", "2.10"),
        ("stage1/block02/shortcut/conv", "1.2 shortcut conv"),
        ("head/dense", "head"),
    ],
)
def test_short_names(path, name):
    assert nets.short(path) == name


def test_blocks_stand_in_the_order_of_the_net():
    paths = ["stage10/block01", "stage2/block10", "stage2/block02", "stage1/block01"]
    assert nets.in_order(paths) == paths[::-1]


def test_maps_of_very_many_layers_are_thinned():
    names = [f"stage1/block{i:03d}" for i in range(200)]
    panel = heat.heat("map", names, names, lambda a, b: float(a == b))
    assert panel.title == "map (50 of 200 blocks)"
    assert len(panel.values) == 50 * 50
    assert sum(row["v"] for row in panel.values) == 50
    few = names[:9]
    cross = heat.heat("map", few, names, lambda a, b: float(a == b))
    assert cross.title == "map (50 of 200 by 9 of 9 blocks)"
    assert heat.heat("map", few, few, lambda a, b: float(a == b)).title == "map"


def test_charts_are_valid_and_draw_their_marks(two):
    analysis = tables.read_analysis(two)
    panels = [
        *gradients.gradient_panels(analysis),
        *similarity.similarity_panels(analysis),
        *layers.layer_panels(analysis),
        *receptive_field.field_panels(analysis),
        *deletion.block_panels(analysis.nets),
        *deletion.several_panels(analysis.nets),
    ]
    for panel in panels:
        spec = json.loads(palette.resolve(json.dumps(panel.spec("container"))))
        svg = vl_convert.vegalite_to_svg({**spec, "width": 400})
        assert svg.count("aria-roledescription") > 10
        assert "NaN" not in svg
        assert "undefined" not in svg


def test_labels_of_a_deep_net_are_thinned_stage_by_stage():
    names = ["stem", *(f"{s}.{b}" for s in (1, 2, 3) for b in range(1, 19)), "head"]
    shown = [names[i] for i in profile.named(names)]
    assert shown[:6] == ["stem", "1.1", "1.5", "1.9", "1.13", "1.17"]
    assert shown[6] == "2.1"
    assert shown[-1] == "head"
    assert profile.named(["1.1", "1.2", "2.1"]) == [0, 1, 2]


def test_numbers(two):
    section = numbers.section(tables.read_analysis(two))
    (table,) = (block for block in section.blocks if isinstance(block, Table))
    assert table.header == (
        "",
        "resnet at initialization",
        "resnet at step 460",
        "plain at initialization",
        "plain at step 460",
    )
    cells = {row.label: row.cells for row in table.rows}
    assert cells["Train error"] == ("–", "0.0%", "–", "61.0%")
    assert cells["Gap"] == ("–", "+2.1 points", "–", "+2.2 points")
    assert cells["Distance from isometry"] == ("0.250",) * 4
    assert cells["Hessian eigenvalue 1"] == ("–", "12,346", "–", "12,346")
    assert "Memorized" not in cells
