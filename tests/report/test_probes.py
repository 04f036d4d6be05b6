"""Probes that no section is about appear on both pages."""

import dataclasses
import re

import made_analysis
import made_probed
import made_study
import pytest
from snapshots import Page

from depthstudy import records, report, store
from depthstudy.records import Metric, Record

# A probe that the report has never heard of: a number, before and after, and one for each layer.
NEW = (
    Metric(name="luck", title="Luck", suffixes=("_initial", ""), description="how lucky it is"),
    Metric(
        name="layer_luck",
        title="Luck of each layer",
        unit="fraction",
        per_layer=True,
        description="how lucky a layer is",
    ),
)


def records_of(row):
    """Returns what the new probe says of the net that another record is of."""
    values = {("", "luck_initial"): 1.25, ("", "luck"): 37.5}
    values |= {(f"stage1/block{i:02d}", "layer_luck"): 0.2 * i for i in (1, 2, 3)}
    return [
        dataclasses.replace(row, probe="fortune", layer=layer, metric=metric, value=value)
        for (layer, metric), value in values.items()
    ]


def section_of(html, title):
    """Returns a section of a page, its tags left out."""
    start = html.index(f">{title}</a></h2>")
    return Page(html[start : html.index("</section>", start)])


@pytest.mark.parametrize(
    ("probes", "numbers"),
    [
        (("sharpness", "isometry", "generalization"), ["12,346", "0.250", "63.2%"]),
        (("shattering",), ["0.744"]),
    ],
)
def test_numbers_of_whole_nets_show_in_the_study(probes, numbers, tmp_path, bare):
    made_probed.probed_study(tmp_path, probes=probes)
    html = report.write(tmp_path).read_text(encoding="utf-8")
    page = section_of(html, "Why, layer by layer")
    for number in numbers:
        assert page.words.count(number) >= 4  # a cell for each of the four nets
    assert "depth 56" in page.words
    assert "border layer" not in page.words  # no key to charts that are not there


def test_a_new_probe_shows_in_the_study(tmp_path, bare):
    made_probed.probed_study(tmp_path, probes=("linear",))
    info = store.read_info(tmp_path)
    rows = store.read_table(tmp_path / store.RECORDS, Record)
    rows = [Record(**row) for row in rows.to_dict("records")]
    firsts = {row.variant: row for row in rows if row.probe == "linear"}
    rows += [new for row in firsts.values() for new in records_of(row)]
    summary = store.read_table(tmp_path / store.SUMMARY, records.Summary)
    info = dataclasses.replace(
        info,
        metrics=info.metrics | {"fortune": NEW},
        probe_titles=info.probe_titles | {"fortune": "Fortune"},
    )
    summary = [records.Summary(**row) for row in summary.to_dict("records")]
    made_study.save(tmp_path, info, rows, summary)
    html = report.write(tmp_path).read_text(encoding="utf-8")
    page = section_of(html, "Why, layer by layer")
    assert {"Fortune", "Luck, before training", "1.25", "Luck, at the end", "37.5"} <= {*page.words}
    assert "Luck of each layer" in page.words
    assert "How lucky a layer is." in page.words


def test_a_new_probe_shows_in_the_analysis(tmp_path, bare):
    run = made_analysis.described()
    rows = made_analysis.rows_of(run, probes=["field"])
    made_analysis.save(tmp_path, [run], [*rows, *records_of(rows[0])], ["field"])
    info = store.read_analysis_info(tmp_path)
    store.write_analysis_info(
        tmp_path,
        dataclasses.replace(
            info,
            metrics=info.metrics | {"fortune": NEW},
            probe_titles=info.probe_titles | {"fortune": "Fortune"},
        ),
    )
    html = report.write_analysis(tmp_path).read_text(encoding="utf-8")
    page = section_of(html, "The net as a whole")
    assert {"Fortune", "Luck", "how lucky it is", "1.25", "37.5"} <= {*page.words}
    assert "Luck of each layer" in page.words
    assert len(re.findall(r'id="chart-\d+"', html)) == 2


def test_an_analysis_of_an_earlier_version_is_made_again(tmp_path):
    from depthstudy.errors import InputError

    made_analysis.save_one(tmp_path)
    info = store.read_analysis_info(tmp_path)
    store.write_analysis_info(tmp_path, dataclasses.replace(info, metrics={}))
    with pytest.raises(InputError, match="earlier version: run the same command again"):
        report.write_analysis(tmp_path)
