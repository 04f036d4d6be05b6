"""Pages of analyses of strangers, of weights from elsewhere, and of folders that hold none."""

import dataclasses
import json
import math
import re

import made_analysis
import pytest
from made_analysis import crossed, described, rows_of, save
from snapshots import Page

from depthstudy import records, report, store
from depthstudy.errors import InputError
from depthstudy.report import tables
from depthstudy.report.analysis import findings

ATTACK = '</script><script>alert("1")</script><b>&'


def write(folder):
    return report.write_analysis(folder).read_text(encoding="utf-8")


def charts(text):
    match = re.search(r'<script type="application/json" id="charts">(.*?)</script>', text, re.S)
    return json.loads(match.group(1))


def test_user_text_is_text_everywhere(tmp_path, bare):
    run, other = described(f"a{ATTACK}", study=ATTACK), described(f"b{ATTACK}", family=ATTACK)
    rows = [*rows_of(run), *rows_of(other, residual=False), *crossed(run, other)]
    text = write(save(tmp_path, [run, other], rows, command=ATTACK))
    page = Page(text)
    assert page.tags.count("script") == 3
    assert ATTACK in page.words
    assert f"a{ATTACK} and b{ATTACK}" in page.words
    assert page.tags.count("script") == 3
    assert charts(text)


def test_numbers_that_are_not_finite(tmp_path, bare):
    run = described()
    rows = [
        dataclasses.replace(row, value=math.nan)
        if row.layer.startswith("stage2") and row.probe in ("gradients", "rank", "cka", "linear")
        else row
        for row in rows_of(run)
    ]
    text = write(save(tmp_path, [run], rows))
    assert "NaN" not in text
    assert "nan" not in Page(text).text.replace("nance", "")


@pytest.mark.parametrize(("study", "images"), [("made", ""), ("other", ""), ("x.pth", "z")])
def test_errors_of_two_studies_may_be_of_other_images(tmp_path, study, images):
    run, other = described(images=images), described("plain", study=study, images=images)
    save(tmp_path, [run, other], [*rows_of(run), *rows_of(other, residual=False)])
    guesses = records.frame(records.Prediction, [])
    store.write_table(tmp_path / store.PREDICTIONS, guesses)
    sentence, *_ = findings.comparisons(tables.read_analysis(tmp_path))
    assert "With one run each, this may be chance." in sentence
    assert sentence.endswith("whose test images may differ.") == (study == "other")


def test_weights_show_what_they_say_of_images(tmp_path, bare):
    run = described("mobilenet_v2", study="x.pth", step=0, images="2 images of the folder z")
    probes = ["isometry", "rank"]
    save(tmp_path, [run], rows_of(run, probes=probes), probes)
    guesses = [
        records.Prediction(
            image=f"{i}.png", rank=rank, number=rank * 7, name=name, probability=0.5 / rank
        )
        for i in range(26)
        for rank, name in ((1, "7"), (2, "<b>"))
    ]
    store.write_table(tmp_path / store.PREDICTIONS, records.frame(records.Prediction, guesses))
    text = write(tmp_path)
    page = Page(text)
    for phrase in (
        "mobilenet, depth 20, images 32 × 32 × 3 · weights of x.pth",
        "All that follows was seen on 2 images of the folder z.",
        "it means these",
        "2 more images in predictions.csv.",
        "As in the file",
    ):
        assert phrase in page.text
    assert [page.words.count(word) for word in ("0.png", "23.png", "24.png")] == [1, 1, 0]
    assert "<td>7<small>50.0%</small></td><td>&lt;b&gt; (14)<small>25.0%</small></td>" in text
    assert store.PREDICTIONS in page.links
    assert "step 0" not in page.text


def test_a_run_shows_no_predictions(tmp_path, bare):
    text = write(made_analysis.save_one(tmp_path))
    assert "What it says of the images" not in text
    assert "All that follows" not in text


def test_a_folder_without_an_analysis_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"holds no analysis: analysis\.json is missing"):
        report.write_analysis(tmp_path)
    run = described()
    save(tmp_path, [run], rows_of(run))
    (tmp_path / store.ANALYSIS).unlink()
    with pytest.raises(InputError, match=r"analysis\.csv is missing"):
        report.write_analysis(tmp_path)
    assert not (tmp_path / store.ANALYSIS_PAGE).exists()
