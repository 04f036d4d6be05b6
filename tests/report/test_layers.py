import dataclasses
import json
import re

import made_analysis
import pandas as pd
import pytest
import vl_convert
from made_analysis import STEP, rows_of

from depthstudy import records, report, store
from depthstudy.report import layer_charts, layer_words, layers, palette, poster, tables
from depthstudy.report.analysis_runs import Run

BLOCKS = {8: 1, 20: 3, 32: 5, 56: 9}


def probed(made, workdir, *, probes=tuple(made_analysis.PROBES), seeds=1):
    """Writes the made-up study with what probes measured of its nets."""
    made.fake_study(workdir)
    info = store.read_info(workdir)
    rows = store.read_table(workdir / store.RECORDS, records.Record)
    found = []
    for variant in info.variants:
        for seed in range(seeds):
            run = records.AnalysisRun(
                folder="", study=info.name, variant=variant.name, seed=seed, step=STEP,
                family=variant.group, depth=variant.depth, image_shape=variant.image_shape,
            )  # fmt: skip
            found += rows_of(
                run, BLOCKS[variant.depth], residual=variant.group == "resnet", probes=probes
            )
    more = records.frame(records.Record, found)
    store.write_table(workdir / store.RECORDS, pd.concat([rows, more]))
    return workdir


@pytest.fixture(scope="module")
def study(tmp_path_factory, made):
    return probed(made, tmp_path_factory.mktemp("probed"))


@pytest.fixture(scope="module")
def groups(study):
    return layers.groups(tables.read(study))


def test_groups_and_nets_stand_in_the_order_of_the_study(groups):
    assert [group.name for group in groups] == ["plain", "resnet"]
    plain = groups[0]
    assert [net.label for net in plain.nets] == ["depth 8", "depth 20", "depth 32", "depth 56"]
    assert len({net.color for net in plain.nets}) == 4
    assert all(net.color.startswith("var(--g0") for net in plain.nets)
    assert [picture.panels[0].title for picture in plain.along] == [
        "Gradient of each layer’s weights",
        "Classes that can be read off each block",
        "Saturation: directions in use",
    ]
    assert [len(group.maps.panels) for group in groups] == [4, 4]
    assert [len(group.blocks.panels) for group in groups] == [0, 4]


def test_lines_go_from_the_first_layer_to_the_last(groups):
    (panel,) = groups[0].along[0].panels
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


def test_a_ring_marks_the_block_of_the_border_layer(groups):
    (panel,) = groups[1].along[2].panels
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


def test_sentences_say_what_is_planted(groups):
    plain, resnet = groups
    gradients, classes, saturation = (picture.sentence for picture in plain.along)
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
    assert resnet.maps.sentence == (
        "At depth 56, 4 of 27 blocks are nearly alike in a row (above 0.9); at depth 8, none of 3."
    )
    # Block i costs 0.2 / 4^i: all but the first three are below a point.
    assert resnet.blocks.sentence == (
        "At depth 56, 22 of 25 removable blocks can be taken out for less than 1 point of test "
        "error; at depth 8, none of 1."
    )
    assert plain.notes[1] == "No block has an identity shortcut, so none can be taken out."
    assert plain.notes[0].startswith("At depth 56, 46 of 55 convolutions lie past the border")


def test_numbers_are_means_over_seeds(tmp_path, made):
    probed(made, tmp_path, probes=("linear",), seeds=2)
    table = store.read_table(tmp_path / store.RECORDS, records.Record)
    second = (table["seed"] == 1) & (table["metric"] == "probe_accuracy")
    table.loc[second, "value"] -= 0.1
    store.write_table(tmp_path / store.RECORDS, table)
    group = layers.groups(tables.read(tmp_path))[0]
    assert group.notes == ("Means over 2 seeds.",)
    assert list(group.nets[0].layers("linear", "probe_accuracy").values()) == pytest.approx(
        [0.45, 0.7, 0.825]
    )
    (classes,) = group.along
    assert len(classes.panels) == 1
    assert group.maps.panels == group.blocks.panels == ()


def test_a_net_without_the_measurement_has_nothing_to_say():
    run = made_analysis.made(generalization__test_error=0.1)
    for say in (
        layer_words.gradients,
        layer_words.underflow,
        layer_words.separation,
        layer_words.saturation,
        layer_words.alike,
        layer_words.blocks,
        layer_words.border,
        layer_words.refusal,
    ):
        assert say([run]) == ""


def test_accuracy_that_falls_is_said_to():
    found = {f"stage1/block{i:02d}": value for i, value in enumerate((0.5, 0.76, 0.27), start=1)}
    run = made_analysis.made(linear__probe_accuracy=found)
    assert layer_words.separation([run]) == (
        "At resnet, accuracy reaches 76.0% on the way and is 27.0% after the last block."
    )


def test_equal_changes_are_told_once():
    def net(initial, early, end):
        return made_analysis.made(
            gradients__gradient_norm_slope_initial=initial,
            gradients__gradient_norm_slope_early=early,
            gradients__gradient_norm_slope=end,
        )

    deep = dataclasses.replace(net(0.0, 0.01, 1.0), label="depth 56")
    assert isinstance(deep, Run)
    assert layer_words.gradients([deep]) == (
        "At depth 56, gradients on the way back to the first layer keep their size before training "
        "and early on and grow 10‑fold at the end."
    )


def test_what_float16_loses_is_told_and_drawn():
    layers_of = {"stem/conv": 0.2, "stage1/block01/conv1": 0.5}
    run = made_analysis.made(
        underflow__underflow_initial=layers_of | {"": 0.25},
        underflow__underflow_scaled_initial={"": 0.01},
        underflow__underflow=layers_of | {"": 0.75},
        underflow__underflow_scaled={"": 0.125},
    )
    assert layer_words.underflow([run]) == (
        "At resnet, 25.0% before training (1.0% with loss scaling) and 75.0% at the end (12.5% "
        "with loss scaling) of the numbers in its gradients are too small for float16."
    )
    (panel,) = layer_charts.underflow([run])
    assert len(panel.values) == 4


def test_charts_are_valid(groups):
    for group in groups:
        for picture in group.pictures:
            for panel in picture.panels[:2]:
                spec = json.loads(palette.resolve(json.dumps(panel.spec("container"))))
                svg = vl_convert.vegalite_to_svg({**spec, "width": 300})
                assert svg.count("aria-roledescription") > 5
                assert "NaN" not in svg
                assert "undefined" not in svg


def test_maps_alone_have_a_poster_with_a_key(groups):
    """Vega-Lite would share the colors of the key, which have no scale, with those of the maps."""
    maps = groups[0].maps.panels
    spec = poster.poster(maps, "Layers", "", columns=3, width=250, key=[("depth 8", "#000000")])
    svg = vl_convert.vegalite_to_svg(json.loads(palette.resolve(json.dumps(spec))))
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
