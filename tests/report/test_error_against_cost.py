import dataclasses
import json
import re

import made_interventions
import made_study
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthstudy import records, store
from depthstudy.evidence.costs import pareto
from depthstudy.report import tables
from depthstudy.report.charts.costs import front
from depthstudy.report.charts.depth import multiples
from depthstudy.report.sections import errors
from depthstudy.report.sections.costs import error_against_cost as cost
from depthstudy.report.text import palette


def points(*pairs):
    """Returns points of these costs and errors, those on the front with their place."""
    places = {index: place for place, index in enumerate(pareto.front(pairs), start=1)}
    return [
        records.ParetoPoint(
            variant=f"plain-{macs}", macs=macs, test_error=error, low=error - 0.01,
            high=error + 0.01, seeds=3, place=places.get(index, 0),
        )
        for index, (macs, error) in enumerate(pairs)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def study(workdir):
    return tables.read_study(workdir)


def test_the_front_of_the_made_study(study):
    # plain-8 has 0.28 points less test error than resnet-8 at the same cost; resnet-20 the least.
    assert [label for _, label, _ in cost.nets_on_front(study)] == [
        "plain, depth 8",
        "resnet, depth 20",
    ]
    color, _, text = cost.nets_on_front(study)[0]
    point = next(point for point in study.pareto if point.variant == "plain-8")
    ends = f"{100 * point.low:.1f}\xa0to\xa0{100 * point.high:.1f}%"
    assert text == f"{100 * point.test_error:.1f}% ({ends}) at 2.34 M MACs"
    assert color == "var(--g0)"
    assert cost.sentence(study).startswith("2 of 8 nets are worth the cost")
    assert "None of them" not in cost.sentence(study)


def test_groups_without_a_net_on_the_front_are_named(study):
    infos = [
        dataclasses.replace(info, macs=info.macs * (10 if info.group == "plain" else 1))
        for info in study.info.variants
    ]
    dear = dataclasses.replace(study, pareto=tuple(pareto.points(study.summary, infos)))
    assert cost.sentence(dear).endswith("None of them is of plain.")


def test_nets_of_another_budget_are_named(study):
    budgets = {i.name: 1.0 + (i.name == "resnet-20") for i in study.info.variants}
    pareto_points = pareto.points(study.summary, study.info.variants, budgets=budgets)
    sentence = cost.sentence(dataclasses.replace(study, pareto=tuple(pareto_points)))
    assert "of 7 nets of equal budget" in sentence
    assert sentence.endswith(
        "resnet-20 has seen another number of images, and no place on the front."
    )


def test_groups_that_are_not_compared_are_not_in_the_legend(study):
    twin = dataclasses.replace(study.info.variants[0], name="twin", group="never trained")
    info = dataclasses.replace(study.info, variants=(*study.info.variants, twin))
    known = cost.group_colors(study)
    assert [name for name, _ in known] == ["plain", "resnet"]
    assert cost.group_colors(dataclasses.replace(study, info=info)) == known
    resnets = [point for point in study.pareto if point.variant.startswith("resnet")]
    assert cost.group_colors(dataclasses.replace(study, pareto=tuple(resnets))) == ()


def test_the_chart_draws_the_summary(study):
    panel = front.panel(study)
    rows = {row["variant"]: row for row in panel.values}
    assert rows.keys() == {info.name for info in study.info.variants}
    error = next(point for point in study.pareto if point.variant == "plain-56")
    assert rows["plain-56"]["error"] == pytest.approx(error.test_error, 1e-4)
    assert rows["plain-56"]["low"] == pytest.approx(error.low, 1e-4)
    assert rows["plain-56"]["macs"] == 291_600 * 56 + 11_840
    spec = panel.spec("container")
    line = spec["layer"][0]
    corners = spec["datasets"][line["data"]["name"]]
    assert line["mark"]["interpolate"] == "step-after"
    assert [c["macs"] for c in corners[:-1]] == [
        rows["plain-8"]["macs"],
        rows["resnet-20"]["macs"],
    ]


def test_nets_of_one_cost_have_no_such_chart(tmp_path):
    study = tables.read_study(made_interventions.wide_study(tmp_path, count=4))
    assert len({info.macs for info in study.info.variants}) == 1
    assert front.panel(study) is None


def test_an_error_of_nothing_stands_at_the_foot():
    pareto_points = points((10, 0.0), (5, 0.03), (2, 0.9))
    _, axis = front.axes(pareto_points)
    assert axis.log
    assert 0 < axis.low < 0.03
    assert axis.share(0.0) == 0.0
    assert axis.zero
    assert not front.axes(points((10, 0.001), (5, 0.03), (2, 0.9)))[1].zero
    assert axis.value(axis.share(0.3)) == pytest.approx(0.3)
    assert not front.axes(pareto_points[1:2] * 2)[1].log


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(1, 50)), min_size=2, max_size=12))
def test_numbers_overlap_neither_points_nor_each_other(pairs):
    pareto_points = points(*((macs * 10**5, error / 100) for macs, error in pairs))
    x_axis, y_axis = front.axes(pareto_points)
    rows = front.label_places(front.front(pareto_points), pareto_points, x_axis, y_axis)
    boxes = []
    for x, y, length in (
        (560 * x_axis.share(row["macs"]), 330 * (1 - y_axis.share(row["error"])), len(row["label"]))
        for row in rows
    ):
        half = 3.5 * length - 0.2  # rounding
        boxes.append((x - half, y - 6, x + half, y + 6))
        assert 0 <= x <= 560
        assert 0 <= y <= 330
    for index, box in enumerate(boxes):
        assert not any(front.overlap(box, other) for other in boxes[:index])


def test_sizes_are_short():
    short_counts = [cost.short_count(n) for n in (740, 61_500, 2_344_640, 4_089_184_256)]
    assert short_counts == ["740", "61.5 k", "2.34 M", "4.09 G"]


def test_the_page_and_the_folder_show_it(html, workdir):
    assert "Error against cost</a></h2>" in html
    assert re.search(
        r"<b>resnet, depth 20</b><br>2\.0% \([\d.]+\sto\s[\d.]+%\) at 5\.84 M MACs", html
    )
    assert "which net is on the front may be chance" in html
    folder = workdir / store.FIGURES
    assert "Error against cost" in (folder / "error_against_cost.svg").read_text()
    assert len((folder / "error_against_cost.csv").read_text().splitlines()) == 9


def test_many_groups_have_a_chart_each(tmp_path):
    names = [f"family{i:02}" for i in range(12)]
    infos = [made_study.variant(name, depth) for name in names for depth in (8, 20)]
    summary = [
        made_study.summarize(info, seed, 0.1, 0.2 + 0.01 * i + 0.002 * seed)
        for i, info in enumerate(infos)
        for seed in range(3)
    ]
    made_study.save(tmp_path, made_study.describe(infos, 3, hypotheses=[]), [], summary)
    study = tables.read_study(tmp_path)
    assert multiples.are_needed(study)
    panels = multiples.panels(study)
    assert [panel.title for panel in panels] == names
    assert palette.GROUPS == 12
    rows = [row for row in panels[3].values if row["metric"] == "test_error"]
    assert [row["error"] for row in rows] == pytest.approx([0.262, 0.272])
    domains = {
        json.dumps(panel.spec(200)["layer"][1]["encoding"]["y"]["scale"]["domain"])
        for panel in panels
    }
    assert len(domains) == 1


def test_few_groups_share_a_chart(study):
    assert not multiples.are_needed(study)


def test_where_tuned_nets_are_too_many_their_families_have_a_chart_each(tmp_path):
    names = [f"family{i:02}" for i in range(13)]
    plain = [
        made_study.variant(name, depth) for name in names for depth in (8, 9, 20, 23, 44, 50, 56)
    ]
    tuned = [
        dataclasses.replace(
            info, name=f"{info.name}+own", group=f"{info.group} + own", treatment="own"
        )
        for info in plain
    ]
    summary = [made_study.summarize(info, 0, 0.1, 0.2) for info in [*plain, *tuned]]
    made_study.save(tmp_path, made_study.describe([*plain, *tuned], 1, hypotheses=[]), [], summary)
    study = tables.read_study(tmp_path)
    assert multiples.are_too_many(study)
    shown = errors.section(study)
    (figure,), (picture,) = shown.blocks, shown.pictures
    assert [panel.title for panel in picture.panels] == names
    assert figure.caption.endswith("have sections of their own.")
    axis = picture.panels[0].spec(200)["layer"][0]["encoding"]["x"]["axis"]
    assert axis["values"] == [8, 16, 32]
