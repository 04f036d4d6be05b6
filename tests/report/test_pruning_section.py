import dataclasses
import json
import re

import made_interventions
import pandas as pd
import pytest
import vl_convert

from depthstudy import report, store
from depthstudy.report import tables
from depthstudy.report.blocks import Charts, Table
from depthstudy.report.charts.costs import removal
from depthstudy.report.sections.pruning import pruned_layers, pruning
from depthstudy.report.text import palette


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return made_interventions.pruned_study(tmp_path_factory.mktemp("pruned"))


@pytest.fixture(scope="module")
def study(folder):
    return tables.read_study(folder)


def rows(section):
    """Returns the cells of the table by the name of the net."""
    (table,) = (block for block in section.blocks if isinstance(block, Table))
    return {row.title: row for row in table.rows}


def test_sections_on_whole_nets_leave_them_out(study):
    assert [info.name for info in tables.whole_nets(study).info.variants] == ["depth20", "depth44"]


def test_lines_begin_at_the_dense_net_unless_trained_anew(study):
    weights, _ = removal.error_panels(study, "weights")
    magnitude = [row for row in weights.values if row["method"] == "magnitude"]
    assert [row["share"] for row in magnitude] == [0, 0.5, 0.9, 0.95]
    # Means over seeds 0, 1, 2 of 1% + 0.1% a seed + what is planted, which grows by 5% a seed.
    assert [row["error"] for row in magnitude] == pytest.approx(
        [0.011, 0.011 + 0.000105, 0.011 + 0.0042, 0.011 + 0.0315], rel=1e-4
    )
    assert all(row["low"] < row["error"] < row["high"] for row in magnitude)
    places = [row["at"] - row["aside"] for row in magnitude]
    assert places == pytest.approx([0, 0.2314, 0.7686, 1], abs=1e-3)  # log of what is left
    (anew,) = [row for row in removal.error_panels(study, "channels")[0].values
               if row["control"] == "scratch_epochs"]  # fmt: skip
    assert anew["share"] == 0.5


def test_all_that_can_go_has_a_place():
    place = removal.share_places([0.0, 0.5, 1.0])
    assert (place[0.0], place[1.0]) == (0, 1)
    assert place[0.5] == pytest.approx(0.5)


def test_sentences_say_what_is_planted(study):
    assert pruning.errors(study, "weights") == (
        "At depth 44, magnitude is shown to take out 90% of the weights for less than 1 point of "
        "test error, random none; at depth 20, magnitude 90%, random none."
    )
    sentences = pruning.controls(study, "channels")
    # 0.5 points apart, growing by 5% a seed: ± 4.303 * 0.025 / sqrt(3).
    assert sentences[1] == (
        "Depth 44, 50% of the channels out: fine-tuned, it errs 0.5 points more (95% interval 0.5 "
        "to 0.6) than trained anew for equal epochs."
    )
    assert "it is open what pruning is worth" in pruning.controls(study, "blocks")[0]
    assert pruning.controls(study, "weights") == []
    nets = [n for n in study.pruning if (n.part, n.origin) == ("weights", "depth 44")]
    assert pruned_layers.sentence(study, nets) == (
        "At depth 44, the net without 95% of its weights (magnitude) has 30.0% left in "
        "stage1/block01/conv1 and 1.0% in stage3/block02/conv1."
    )


def test_more_images_than_the_dense_net_saw_are_said(study):
    nets = [dataclasses.replace(net, budget_ratio=1.5) for net in study.pruning]
    unequal = dataclasses.replace(study, pruning=tuple(nets))
    assert pruning.errors(unequal, "weights").endswith(
        " Unequal budgets: with fine-tuning they saw 1.5 times the images of the dense nets."
    )


def test_what_is_promised_stands_beside_what_is_measured(study):
    table = rows(pruning.section(study))
    channels, weights = table["depth44_channels0.5"], table["depth44_weights0.9"]
    assert channels.cells[:3] == ("25%", "25%", "40%")
    assert weights.cells[:3] == ("10% (masked)", "100%", "105%")
    assert weights.cells[4] == "+0.4 (+0.4 to +0.5)"
    assert channels.label == "depth 44: 50% of channels, magnitude"
    assert pruning.speed(study) == (
        "Masked nets are not faster, for zeros are multiplied like other numbers: a training step "
        "takes 102% (101 to 105%) of its dense twin’s time, the choice of what goes included. Nets "
        "that were made smaller have 25% (25 to 55%) of the multiply-accumulates, and their step "
        "takes 45% (40 to 60%) of the time."
    )


def test_density_lines_are_of_weights_that_were_chosen(study):
    blocks, pictures = pruned_layers.left_weights(study)
    (charts,) = (block for block in blocks if isinstance(block, Charts))
    titles = ["Weights left, depth 20", "Weights left, depth 44"]
    assert [panel.title for panel in charts.panels] == titles
    assert [label for label, _ in pictures[0].key] == [
        "50% out, magnitude", "90% out, magnitude", "95% out, magnitude",
    ]  # fmt: skip


def test_charts_are_valid(study):
    for panel in pruning.section(study).pictures[0].panels:
        spec = json.loads(palette.resolve(json.dumps(panel.spec("container"))))
        svg = vl_convert.vegalite_to_svg({**spec, "width": 300})
        assert "dense" in svg
        assert "50%" in svg
        assert "NaN" not in svg
        assert "undefined" not in svg


def test_one_seed_has_no_intervals(tmp_path):
    study = tables.read_study(made_interventions.pruned_study(tmp_path, seeds=1))
    assert pruning.controls(study, "channels")[0].endswith(
        "fine-tuned, it errs 0.5 points more than trained anew for equal epochs."
    )
    panel = removal.error_panels(study, "weights")[0]
    assert all(row["low"] is None for row in panel.values)
    assert {row.cells[4] for row in rows(pruning.section(study)).values()} >= {"+0.4", "+3.0"}


def test_the_page_and_the_folder_show_it(folder):
    html = report.write(folder).read_text(encoding="utf-8")
    body = html.split("<main>")[1].split("</main>")[0]
    assert ">Pruning</a></h2>" in body
    assert "layer by layer" not in body  # densities are shown with pruning
    count = len(json.loads(re.search(r'id="charts">(.*?)</script>', html, re.S).group(1)))
    places = sorted(map(int, re.findall(r'id="chart-(\d+)"', body)))
    assert places == list(range(count))
    values = pd.read_csv(folder / store.FIGURES / "pruning.csv")
    assert set(values["panel"]) == {
        f"{part}, depth {depth}" for part in ("Weights", "Channels", "Blocks") for depth in (20, 44)
    }
    assert (folder / store.FIGURES / "pruning_density.svg").exists()
    errors = pd.read_csv(folder / store.FIGURES / "error_against_depth.csv")
    assert set(errors["variant"]) == {"depth20", "depth44"}


def test_without_pruned_nets_there_is_no_section(html):
    assert ">Pruning</a></h2>" not in html
