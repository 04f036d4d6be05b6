import json
import re

import made_probed
import pandas as pd
import pytest
import vl_convert
from reseal import reseal

from depthstudy import records, report, store
from depthstudy.report import export, tables
from depthstudy.report.blocks import Charts, Figure, Fold, Key, Picture, Text
from depthstudy.report.sections.layers import layers
from depthstudy.report.text import palette


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return made_probed.probed_study(tmp_path_factory.mktemp("probed"))


@pytest.fixture(scope="module")
def folds(study):
    """Returns the part of each group: its title, and the blocks in it."""
    section = layers.section(tables.read_study(study))
    return {block.title: block for block in section.blocks if isinstance(block, Fold)}


def charts(fold):
    """Returns rows of charts of a group: along depth, how alike blocks are, blocks taken out."""
    chart_rows = [block for block in fold.blocks if isinstance(block, Charts)]
    for figure in (block for block in fold.blocks if isinstance(block, Figure)):
        chart_rows += [block for block in figure.blocks if isinstance(block, Charts)]
    return chart_rows


def notes(fold):
    return [block.text for block in fold.blocks if isinstance(block, Text)]


def captions(fold):
    return [block.caption for block in fold.blocks if isinstance(block, Figure)]


def test_groups_and_nets_stand_in_the_order_of_the_study(folds):
    assert list(folds) == ["plain", "resnet"]
    assert folds["plain"].summary == "depth 8, depth 20, depth 32, depth 56"
    key = next(block for block in folds["plain"].blocks if isinstance(block, Key))
    colors = [mark.color for mark in key.marks if mark.label.startswith("depth")]
    assert len(set(colors)) == 4
    assert all(color.startswith("var(--g0") for color in colors)
    along, maps = charts(folds["plain"])
    assert [panel.title for panel in along.panels] == [
        "Gradient of each layer’s weights",
        "Accuracy of a linear classifier",
        "Saturation: share of directions in use",
    ]
    assert len(maps.panels) == 4
    assert [len(row.panels) for row in charts(folds["resnet"])] == [3, 4, 4]


def test_lines_go_from_the_first_layer_to_the_last(folds):
    panel = charts(folds["plain"])[0].panels[0]
    lines = {}
    for row in panel.values:
        lines.setdefault(row["line"], []).append(row)
    assert len(lines) == 8  # four nets, before training and at the end
    for name, rows in lines.items():
        assert (rows[0]["at"], rows[-1]["at"]) == (0, 1)
        assert [row["layer"] for row in (rows[0], rows[-1])] == ["stem/conv", "head/dense"]
        assert all(row["faint"] == name.endswith("at initialization") for row in rows)
    # The planted profile: 10^-2.4771 at the stem against the head before training.
    before = lines["depth 56 at initialization"]
    assert before[0]["value"] / before[-1]["value"] == pytest.approx(1 / 300, rel=1e-3)
    scale = panel.spec(300)["layer"][0]["encoding"]["y"]["scale"]
    assert scale["type"] == "log"
    assert scale["domain"][0] < before[0]["value"]


def test_a_ring_marks_the_block_of_the_border_layer(folds):
    panel = charts(folds["resnet"])[0].panels[2]
    spec = panel.spec(300)
    ring = spec["layer"][-1]
    (name,) = (ring["data"]["name"],) if "name" in ring["data"] else (None,)
    rows = spec["datasets"][name] if name else ring["data"]["values"]
    # Planted at the tenth convolution, the first of the fifth block; depth 8 has too few.
    assert [(row["line"], row["layer"]) for row in rows] == [
        ("depth 20", "stage2/block02"),
        ("depth 32", "stage1/block05"),
        ("depth 56", "stage1/block05"),
    ]


def test_sentences_say_what_is_planted(folds):
    plain, resnet = folds["plain"], folds["resnet"]
    gradients, classes, saturation = charts(plain)[0].captions
    shrink = "shrink 300‑fold before training and grow 2.0‑fold at the end"
    assert gradients == (
        f"At depth 56, gradients on the way back to the first layer {shrink}; "
        f"at depth 8, they {shrink}."
    )
    # 1 - 0.5^i is within a point of its end, which is almost 1, from the seventh block on.
    assert classes == (
        "At depth 56, accuracy reaches 100.0%, and the last 20 of 27 blocks add less than 1 point; "
        "at depth 8, it rises up to the last block, to 87.5%."
    )
    assert saturation.startswith("At depth 56, directions in use go from 100.0% to 56.7% between")
    # CKA is 1 - 0.03 a block apart within a stage: four in a row are above 0.9.
    assert captions(resnet)[0] == (
        "At depth 56, 4 of 27 blocks are nearly alike in a row (above 0.9); at depth 8, none of 3."
    )
    # Block i costs 0.2 / 4^i: all but the first three are below a point.
    assert captions(resnet)[1] == (
        "At depth 56, 22 of 25 removable blocks can be taken out for less than 1 point of test "
        "error; at depth 8, none of 1."
    )
    assert notes(plain)[1] == "No block has an identity shortcut, so none can be taken out."
    assert notes(plain)[0].startswith("At depth 56, 46 of 55 convolutions lie past the border")


def test_numbers_are_means_over_seeds(tmp_path):
    made_probed.probed_study(tmp_path, probes=("linear",), seeds=2)
    table = store.read_table(tmp_path / store.RECORDS, records.Record)
    second = (table["seed"] == 1) & (table["metric"] == "probe_accuracy")
    table.loc[second, "value"] -= 0.1
    store.write_table(tmp_path / store.RECORDS, table)
    reseal(tmp_path)
    section = layers.section(tables.read_study(tmp_path))
    fold = next(block for block in section.blocks if isinstance(block, Fold))
    assert notes(fold) == ["Means over 2 seeds."]
    (row,) = charts(fold)
    (classes,) = row.panels
    drawn = [point["value"] for point in classes.values if point["line"] == "depth 8"]
    assert drawn == pytest.approx([0.45, 0.7, 0.825])


def test_charts_are_valid(folds):
    for fold in folds.values():
        for panel in [panel for row in charts(fold) for panel in row.panels[:2]]:
            spec = json.loads(palette.resolve(json.dumps(panel.spec("container"))))
            svg = vl_convert.vegalite_to_svg({**spec, "width": 300})
            assert svg.count("aria-roledescription") > 5
            assert "NaN" not in svg
            assert "undefined" not in svg


def test_maps_alone_have_a_picture_with_a_key(folds):
    """Vega-Lite would share the colors of the key, which have no scale, with those of the maps."""
    maps = charts(folds["plain"])[1].panels
    picture = Picture("layers", "Layers", (), maps, 3, 250, (("depth 8", "#000000"),))
    svg = vl_convert.vegalite_to_svg(
        json.loads(palette.resolve(json.dumps(export.specification(picture))))
    )
    assert "depth 8" in svg


def test_the_page_folds_the_groups(study):
    html = report.write(study).read_text(encoding="utf-8")
    assert len(html.encode()) < 2_000_000
    assert re.findall(r'<details class="fold"( open)?>', html) == [" open", ""]
    body = html.split("<main>")[1].split("</main>")[0]
    assert body.index("Where the accuracy went") < body.index("Why, layer by layer")
    assert body.index("Why, layer by layer") < body.index("What each net costs")
    count = len(json.loads(re.search(r'id="charts">(.*?)</script>', html, re.S).group(1)))
    places = sorted(map(int, re.findall(r'id="chart-(\d+)"', body)))
    assert places == list(range(count))
    assert "Measured on one seed." in body
    names = sorted(path.stem for path in (study / store.FIGURES).glob("layers_*"))
    assert names == ["layers_1", "layers_1", "layers_2", "layers_2"]
    values = pd.read_csv(study / store.FIGURES / "layers_2.csv")
    assert "How alike blocks are: depth 56" in set(values["panel"])


def test_without_probes_the_section_is_not_there(html):
    assert "layer by layer" not in html
