import dataclasses
import json
import re

import pandas as pd
import pytest
import vl_convert

from depthstudy import records, report, store
from depthstudy.config import PruneConfig
from depthstudy.report import (
    palette,
    pruning,
    pruning_charts,
    pruning_section,
    pruning_words,
    tables,
)

TUNED = {"fine_tune_epochs": 4}
DENSE = {"weights": 0.0, "channels": 0.0, "blocks": 0.0, "score": "magnitude",
         "control": "none", "fine_tune_epochs": 0}  # fmt: skip
NETS = {  # what differs from the dense net; added error, share of MACs, of the time of a step
    "": ({}, 0.0, 1.0, 1.0),
    "_weights0.5": ({"weights": 0.5}, 0.0, 1.0, 1.02),
    "_weights0.9": ({"weights": 0.9}, 0.004, 1.0, 1.05),
    "_weights0.95": ({"weights": 0.95}, 0.03, 1.0, 1.01),
    "_weights0.5_random": ({"weights": 0.5, "score": "random"}, 0.02, 1.0, 1.03),
    "_channels0.5": ({"channels": 0.5}, 0.008, 0.25, 0.4),
    "_channels0.5_scratch": ({"channels": 0.5, "control": "scratch_epochs"}, 0.003, 0.25, 0.45),
    "_blocks0.5": ({"blocks": 0.5}, 0.001, 0.55, 0.6),
}
LAYERS = {"stage1/block01/conv1": 0.3, "stage1/block01/conv2": 0.12, "stage3/block02/conv1": 0.01}


def pruned_study(workdir, made, *, seeds=3):
    """Writes two dense nets and what was pruned of them; errors are 1% and what is planted."""
    infos, rows, summary = [], [], []
    for depth in (20, 44):
        for name, (own, added, macs, time) in NETS.items():
            base = made.variant(f"resnet{name}", depth, f"depth{depth}{name}")
            settings = DENSE | own | (TUNED if own else {})
            info = dataclasses.replace(
                base,
                settings={"model.depth": depth} | {f"prune.{k}": v for k, v in settings.items()},
                macs=round(base.macs * macs),
                parameters=round(base.parameters * macs),
                dense=f"depth{depth}" if own else "",
            )
            infos.append(info)
            for seed in range(seeds):
                error = 0.01 + 0.001 * seed + added * (1 + 0.05 * seed)
                summary.append(made.summarize(info, seed, error / 2, error))
                rows += made.curves("pruning", info.name, seed, error / 2, error)
                mark = {"study": "pruning", "variant": info.name, "seed": seed}
                clock = {"probe": "run", "metric": "train_seconds"}
                for step in (50, 100):
                    seconds = 0.01 * depth * time * step
                    rows.append(records.Record(**mark, **clock, step=step, value=seconds))
            for layer, left in LAYERS.items() if "weights" in own else ():
                rows.append(records.Record(study="pruning", variant=info.name, seed=0, step=100,
                            probe="density", layer=layer, metric="density",
                            value=left * (1 - own["weights"]) / 0.05))  # fmt: skip
    return made.save(workdir, made.describe(infos, seeds, hypotheses=[]), rows, summary)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, made):
    return pruned_study(tmp_path_factory.mktemp("pruned"), made)


@pytest.fixture(scope="module")
def study(folder):
    return tables.read(folder)


def test_nets_stand_by_part_and_dense_net(study):
    groups = pruning.panels_of(study)
    assert {part: list(found) for part, found in groups.items()} == {
        part: ["depth 20", "depth 44"] for part in ("weights", "channels", "blocks")
    }
    assert [(net.share, net.method) for net in groups["weights"]["depth 44"]] == [
        (0.5, "magnitude"), (0.9, "magnitude"), (0.95, "magnitude"), (0.5, "random"),
    ]  # fmt: skip
    assert [net.method for net in groups["channels"]["depth 20"]] == [
        "magnitude", "magnitude, trained anew, equal epochs",
    ]  # fmt: skip
    assert [net.method for net in groups["blocks"]["depth 20"]] == ["least damage"]


def test_methods_of_one_score_are_told_apart():
    own = PruneConfig(weights=0.5, distribution="erk", control="scratch_epochs")
    told = pruning._method(own, "weights", ["distribution", "schedule"])
    assert told == "magnitude (erk), trained anew, equal epochs"


def test_sections_on_whole_nets_leave_them_out(study):
    assert [info.name for info in pruning.rest(study).info.variants] == ["depth20", "depth44"]


def test_lines_begin_at_the_dense_net_unless_trained_anew(study):
    weights, _ = pruning_charts.error_panels(study, "weights")
    magnitude = [row for row in weights.values if row["method"] == "magnitude"]
    assert [row["share"] for row in magnitude] == [0, 0.5, 0.9, 0.95]
    # Means over seeds 0, 1, 2 of 1% + 0.1% a seed + what is planted, which grows by 5% a seed.
    assert [row["error"] for row in magnitude] == pytest.approx(
        [0.011, 0.011, 0.011 + 0.0042, 0.011 + 0.0315], rel=1e-4
    )
    assert all(row["low"] < row["error"] < row["high"] for row in magnitude)
    places = [row["at"] - row["aside"] for row in magnitude]
    assert places == pytest.approx([0, 0.2314, 0.7686, 1], abs=1e-3)  # log of what is left
    (anew,) = [row for row in pruning_charts.error_panels(study, "channels")[0].values
               if row["control"] == "scratch_epochs"]  # fmt: skip
    assert anew["share"] == 0.5


def test_all_that_can_go_has_a_place():
    place = pruning_charts._places([0.0, 0.5, 1.0])
    assert (place[0.0], place[1.0]) == (0, 1)
    assert place[0.5] == pytest.approx(0.5)


def test_sentences_say_what_is_planted(study):
    assert pruning_words.errors(study, "weights") == (
        "At depth 44, magnitude takes out 90% of the weights for less than 1 point of test error, "
        "random none; at depth 20, magnitude 90%, random none."
    )
    sentences = pruning_words.controls(study, "channels")
    # 0.5 points apart, growing by 5% a seed: ± 4.303 * 0.025 / sqrt(3).
    assert sentences[1] == (
        "Depth 44, 50% of the channels out: fine-tuned, it errs 0.5 points more (95% interval 0.5 "
        "to 0.6) than trained anew for equal epochs."
    )
    assert "it is open what pruning is worth" in pruning_words.controls(study, "blocks")[0]
    assert pruning_words.controls(study, "weights") == []
    nets = pruning.panels_of(study)["weights"]["depth 44"]
    assert pruning_words.density(study, nets) == (
        "At depth 44, the net without 95% of its weights (magnitude) has 30.0% left in "
        "stage1/block01/conv1 and 1.0% in stage3/block02/conv1."
    )


def test_what_is_promised_stands_beside_what_is_measured(study):
    rows = {row.name: row for row in pruning_words.listed(study)}
    channels, weights = rows["depth44_channels0.5"], rows["depth44_weights0.9"]
    assert (channels.weights, channels.macs, channels.time) == ("25%", "25%", "40%")
    assert (weights.weights, weights.macs, weights.time) == ("10% (masked)", "100%", "105%")
    assert weights.change == "+0.4 (+0.4 to +0.5)"
    assert channels.out == "depth 44: 50% of channels, magnitude"
    assert pruning_words.speed(study) == (
        "Masked nets are not faster, for zeros are multiplied like other numbers: a training step "
        "takes 102% (101 to 105%) of its dense twin’s time, the choice of what goes included. Nets "
        "that were made smaller have 25% (25 to 55%) of the multiply-accumulates, and their step "
        "takes 45% (40 to 60%) of the time."
    )


def test_density_lines_are_of_weights_that_were_chosen(study):
    found = pruning_section.section(study).density
    assert [row.panel.title for row in found] == [
        "Weights left, depth 20",
        "Weights left, depth 44",
    ]
    assert [line.label for line in found[0].lines] == [
        "50% out, magnitude", "90% out, magnitude", "95% out, magnitude",
    ]  # fmt: skip


def test_charts_are_valid(study):
    section = pruning_section.section(study)
    for panel in [p for row in section.errors for p in row.panels]:
        spec = json.loads(palette.resolve(json.dumps(panel.spec("container"))))
        svg = vl_convert.vegalite_to_svg({**spec, "width": 300})
        assert "dense" in svg
        assert "50%" in svg
        assert "NaN" not in svg
        assert "undefined" not in svg


def test_one_seed_has_no_intervals(tmp_path, made):
    study = tables.read(pruned_study(tmp_path, made, seeds=1))
    assert pruning_words.controls(study, "channels")[0].endswith(
        "fine-tuned, it errs 0.5 points more than trained anew for equal epochs."
    )
    panel = pruning_charts.error_panels(study, "weights")[0]
    assert all(row["low"] is None for row in panel.values)
    assert {row.change for row in pruning_words.listed(study)} >= {"+0.4", "+3.0"}


def test_the_page_and_the_folder_show_it(folder):
    html = report.write(folder).read_text(encoding="utf-8")
    body = html.split("<main>")[1].split("</main>")[0]
    assert "<h2>Pruning</h2>" in body
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
    assert "<h2>Pruning</h2>" not in html
