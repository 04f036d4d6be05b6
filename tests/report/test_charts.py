import dataclasses
import json
import math
import re

import made_interventions
import numpy as np
import pytest

from depthstudy import records
from depthstudy.report import export, tables
from depthstudy.report.blocks import Picture
from depthstudy.report.charts.depth import bars, errors
from depthstudy.report.charts.mistakes import classes as maps
from depthstudy.report.charts.panel import digits
from depthstudy.report.charts.scales import error_top
from depthstudy.report.charts.training import curves
from depthstudy.report.text import palette


@pytest.fixture(scope="module")
def study(workdir):
    return tables.read_study(workdir)


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    return tables.read_study(
        made_interventions.wide_study(tmp_path_factory.mktemp("wide"), count=60)
    )


def contrast(first, second):
    """Returns the contrast ratio of WCAG 2."""

    def luminance(color):
        parts = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [palette.light(), palette.dark()])
def test_colors_can_be_read_on_their_paper(theme):
    words = ("ink", "muted", "supported", "refuted", "inconclusive", "not-tested")
    assert all(contrast(theme[name], theme["paper"]) >= 4.5 for name in words)
    assert all(contrast(theme[f"g{i}"], theme["paper"]) >= 3 for i in range(palette.GROUPS))


@pytest.mark.parametrize("theme", [palette.light(), palette.dark()])
def test_numbers_in_a_map_of_errors_can_be_read_on_their_cell(theme):
    errors = [(step + 0.5) / palette.HEAT for step in range(palette.HEAT)]
    rows = [
        records.ClassError(variant="plain-8", label=k, name=str(k), images=9, error=error)
        for k, error in enumerate([*errors, 1.0])
    ]
    _, text = maps.class_map("Error", [("plain-8", "depth 8")], rows).marks
    ink = text.to_dict()["encoding"]["color"]
    assert {ink["condition"]["value"], ink["value"]} == {"var(--paper)", "var(--ink)"}
    strong = float(ink["condition"]["test"].removeprefix("datum.error >= "))
    for step, error in enumerate(errors):
        value = ink["condition"]["value"] if error >= strong else ink["value"]
        assert contrast(theme[value[6:-1]], theme[f"heat-{step}"]) > 3.5


def test_themes_name_the_same_colors():
    assert palette.light().keys() == palette.dark().keys()


def test_shades_are_distinct():
    for count in (2, 3, 4, 6):
        assert len({palette.light()[s[6:-1]] for s in palette.shades(0, count)}) == count


def test_screen_readers_are_told_the_title(study):
    (panel, *_) = errors.error_panels(study)
    assert panel.spec("container")["description"] == panel.title
    picture = Picture("name", "T", (), (panel,), 1, 100)
    assert export.specification(picture)["description"] == "T"


def test_every_color_of_a_chart_is_in_the_palette(study):
    panels = errors.error_panels(study)
    panels += [p for f in curves.families(study) for p in curves.curve_panels(study, f)]
    panels += [bars.part_panel(study, group) for group in ("plain", "resnet")]
    text = json.dumps([panel.spec("container") for panel in panels])
    assert set(re.findall(r"var\(--([\w-]+)\)", text)) <= palette.light().keys()
    assert not re.search(r"#[0-9a-f]{3,6}\b", text)
    assert "var(" not in palette.resolve(text)


def test_a_long_interval_does_not_stretch_the_axis_of_errors(study):
    wide = {key: dataclasses.replace(mean, high=1.0) for key, mean in study.means.items()}
    small = study.summary.assign(train_error=0.01, test_error=0.02)
    wide = {key: dataclasses.replace(mean, mean=0.02, low=0.0) for key, mean in wide.items()}
    panels = errors.error_panels(dataclasses.replace(study, means=wide, summary=small))
    for panel in panels:
        domains = re.findall(r'"domain": \[0, ([\d.]+)\]', json.dumps(panel.spec("container")))
        assert domains
        assert max(map(float, domains)) == pytest.approx(1.5 * 0.02 * 1.04)


def test_error_panel_draws_the_summary(study):
    train, _ = errors.error_panels(study)
    means = {row["variant"]: row for row in train.values if "low" in row}
    runs = study.summary[study.summary["variant"] == "plain-56"]["train_error"].to_numpy()
    drawn, mean = means["plain-56"], study.means["plain-56", "train_error"]
    assert drawn["error"] == pytest.approx(runs.mean(), 1e-4)
    assert (drawn["low"], drawn["high"]) == pytest.approx((mean.low, mean.high), 1e-4)
    assert 0 < drawn["low"] < runs.mean() < drawn["high"] < 1
    single = [
        row["error"] for row in train.values if row["variant"] == "plain-56" and "low" not in row
    ]
    assert single == pytest.approx(list(runs), 1e-4)
    # Runs that all err 0.0%, of an unknown number of images, have no spread and no interval.
    assert (means["plain-8"]["low"], means["plain-8"]["interval"]) == (None, "–")


def test_panels_share_their_scale(study):
    domains = [
        panel.spec(300)["layer"][0]["encoding"]["y"]["scale"]["domain"]
        for panel in errors.error_panels(study)
    ]
    assert domains[0] == domains[1] == [0, 1.0]


def test_names_of_lines_do_not_overlap():
    assert errors.spread([0.0, 0.0, 0.01, 0.5], 0.05) == pytest.approx([0.0, 0.05, 0.1, 0.5])


def test_error_axis_ends_just_above_the_errors():
    assert error_top([0.1, 0.5]) == pytest.approx(0.52)
    assert error_top([0.9]) == 1.0
    assert error_top([]) == pytest.approx(0.0104)


def test_mean_curve_ends_where_a_seed_does(study):
    loss = curves.curve_panels(study, curves.families(study)[0])[0]
    last = {
        v: max(r["step"] for r in loss.values if r["variant"] == v) for v in ("plain-8", "plain-56")
    }
    assert last == {"plain-8": 460, "plain-56": 120}


def test_mean_curve_is_the_mean(study):
    panel = curves.curve_panels(study, curves.families(study)[0])[2]
    drawn = next(r for r in panel.values if r["variant"] == "plain-32" and r["step"] == 230)
    table = tables.curve(study, "evaluation", "test_error")
    rows = table[table["variant"].eq("plain-32") & table["step"].eq(230)]
    assert len(rows) == 3
    assert drawn["value"] == pytest.approx(rows["value"].mean(), 1e-4)


def test_many_variants_are_thinned_and_the_ends_are_named(wide):
    (family,) = curves.families(wide)
    panels = curves.curve_panels(wide, family)
    assert all(len(panel.values) <= 2_600 for panel in panels)
    assert max(row["step"] for row in panels[0].values) == 460
    means = {n: tables.mean(wide, n, "test_error").mean for n in wide.summary["variant"].unique()}
    named = [line.variant for line in family.legend[:2]]
    assert named == [max(means, key=means.get), min(means, key=means.get)]


def test_part_panel_draws_the_decomposition(study):
    panel = bars.part_panel(study, "plain")
    rows = [row for row in study.decomposition if row.group == "plain"]
    assert len(panel.values) == len(rows)
    for drawn, row in zip(panel.values, rows, strict=True):
        assert drawn["part"] == row.part
        estimate = (drawn["effect"], drawn["low"], drawn["high"])
        assert estimate == pytest.approx((100 * row.effect, 100 * row.low, 100 * row.high), 1e-4)


def test_digits_are_json():
    assert digits(math.nan) is None
    assert digits(0.123456789) == 0.12346


def test_a_picture_holds_the_data_and_the_key_of_all_panels(study):
    panels = errors.error_panels(study)
    key = [("<b>", "var(--g0)"), ("plain", "var(--g1)")]
    picture = Picture("name", "T", ("S",), tuple(panels), 2, 100, tuple(key))
    spec = export.specification(picture)
    legend, grid = spec["vconcat"]
    assert [row["name"] for row in legend["data"]["values"]] == ["<b>", "plain"]
    used = {layer["data"]["name"] for view in grid["concat"] for layer in view["layer"]}
    assert used == spec["datasets"].keys()
    bare = dataclasses.replace(picture, key=())
    assert len(export.specification(bare)["vconcat"]) == 1
