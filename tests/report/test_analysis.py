import dataclasses
import html as html_lib
import json
import re

import made_analysis
import pytest
from made_analysis import crossed, described, rows_of, save
from snapshots import Page

from depthstudy import report, store


@pytest.fixture
def one(tmp_path):
    return made_analysis.save_one(tmp_path)


@pytest.fixture
def two(tmp_path):
    return made_analysis.save_two(tmp_path)


def write(folder):
    return report.write_analysis(folder).read_text(encoding="utf-8")


def charts(text):
    match = re.search(r'<script type="application/json" id="charts">(.*?)</script>', text, re.S)
    return json.loads(match.group(1))


def titles(text):
    return [html_lib.unescape(title) for title in re.findall(r"<h4>(.*?)</h4>", text)]


def test_page_is_one_small_file_that_fetches_nothing(two):
    text = write(two)
    page = Page(text)
    assert len(text.encode()) < 2_000_000
    assert page.fetched == []
    assert [link for link in page.links if not link.startswith("#")] == [
        store.ANALYSIS,
        f"{store.FIGURES}/",
    ]
    assert "default-src 'none'" in text
    style = re.search(r"<style>(.*?)</style>", text, re.S).group(1)
    assert "url(" not in style
    assert "@import" not in style
    assert "window.vegaEmbed=" in text
    assert "$schema" not in json.dumps(charts(text))


def test_one_run(one, bare):
    text = write(one)
    page = Page(text)
    assert page.words[1] == "resnet"
    assert "resnet, depth 20, images 32 × 32 × 3 · study made, seed 0, step 460" in page.text
    assert page.text.count("Taking out any one block") == 1
    assert titles(text) == [
        "Gradient of each layer’s weights",
        "Gradient carried back through each block",
        "All pairs of blocks",
        "Test error with one block taken out",
        "Several blocks taken out at once",
        "Pairs of blocks swapped",
        "Accuracy of a linear classifier",
        "Saturation: share of directions in use",
        "Effective rank: directions in use",
        "Filters that never fire",
        "Receptive field in pixels",
    ]
    assert len(charts(text)) == 11
    for phrase in (
        "Test error is 2.1% with all blocks in place, 52.1% with 4 blocks taken out and 12.1% "
        "with 1 pair swapped.",
        "memorization does not apply: no train label is wrong; set data.label_noise.",
        "Block 1.1 uses 100.0% of its directions, block 3.3 60.0%.",
        "python scripts/analyze.py --run=x",
        "18.0 s",
    ):
        assert phrase in page.text


def test_two_runs_share_charts_and_are_compared(two, bare):
    text = write(two)
    page = Page(text)
    assert page.words[1] == "resnet and plain"
    assert titles(text)[:5] == [
        "Gradient of each layer’s weights",
        "Gradient carried back through each block",
        "resnet",
        "plain",
        "resnet against plain",
    ]
    assert "Test error with one block taken out: resnet" in titles(text)
    assert "Test error with one block taken out: plain" not in titles(text)
    assert "The test error of plain is 61.1 points higher than that of resnet." in page.text
    assert (
        "Blocks of the same name in resnet and plain have a CKA of 0.90 on average, and the least "
        "at 1.1: 0.90." in page.text
    )
    assert "The nets have the same field in every layer." in page.text
    assert "memorization does not apply to resnet and plain: no train label" in page.text
    assert "deletion does not apply to plain: no block has an identity shortcut" in page.text
    gradients = charts(text)[0]
    lines = {
        row["line"] for rows in gradients["datasets"].values() for row in rows if "line" in row
    }
    assert lines == {
        f"{name} at {when}"
        for name in ("resnet", "plain")
        for when in ("initialization", "step 460")
    }


def test_nets_of_different_depth_get_a_chart_each(tmp_path, bare):
    run, deeper = described(), described("resnet_deep", 5)
    save(tmp_path, [run, deeper], [*rows_of(run), *rows_of(deeper, 5)])
    chart_titles = titles(write(tmp_path))
    assert "Gradient of each layer’s weights: resnet" in chart_titles
    assert "Gradient of each layer’s weights: resnet_deep" in chart_titles


def test_a_plain_net_has_no_deletion(tmp_path, bare):
    run = described("plain")
    text = write(save(tmp_path, [run], rows_of(run, residual=False)))
    assert "Without single blocks" not in text
    assert "Does not apply: no block has an identity shortcut" in Page(text).text


def test_sections_vanish_with_their_probe(tmp_path, bare):
    run = described()
    text = write(save(tmp_path, [run], rows_of(run, probes=["field"]), ["field"]))
    headings = re.findall(r"<h2><a[^>]*>(.*?)</a></h2>", text)
    assert headings == ["What stands out", "Receptive field", "What was run"]
    assert titles(text) == ["Receptive field in pixels"]
    only = write(save(tmp_path, [run], rows_of(run, probes=["sharpness"]), ["sharpness"]))
    assert re.findall(r"<h2><a[^>]*>(.*?)</a></h2>", only) == ["The net as a whole", "What was run"]


def test_what_float16_loses_is_told(tmp_path, bare):
    run = described()
    (row,) = rows_of(run, probes=["sharpness"])
    rows = [
        dataclasses.replace(row, probe="underflow", metric=metric, value=value)
        for metric, value in (("underflow", 0.253), ("underflow_scaled", 0.004))
    ]
    page = Page(write(save(tmp_path, [run], rows, ["sharpness"])))
    assert "Gradients too small for float16" in page.text
    assert "25.3%" in page.text
    assert "0.4%" in page.text


def test_a_net_of_110_layers(tmp_path, bare):
    run, other = described("resnet_110", 18), described("plain_110", 18)
    rows = [*rows_of(run, 18), *rows_of(other, 18, residual=False), *crossed(run, other, 18)]
    text = write(save(tmp_path, [run, other], rows))
    assert len(text.encode()) < 700_000
    profile = next(spec for spec in charts(text) if "head" in json.dumps(spec))
    marks = json.dumps(profile)
    assert "labelOverlap" in marks
    values = [row for rows in profile["datasets"].values() for row in rows if "layer" in row]
    assert max(row["at"] for row in values) == 110
    assert {row["layer"] for row in values} >= {"stem/conv", "stage3/block18/conv2", "head/dense"}
