"""Pages of studies that are small, wide, without verdicts, or written by strangers."""

import html as html_lib
import json
import re
from xml.etree import ElementTree

import made_interventions
import made_study
import pytest
from snapshots import Page

from depthstudy import report, store
from depthstudy.errors import InputError

ATTACK = '</script><script>alert("1")</script><b>&'


def charts(text):
    match = re.search(r'<script type="application/json" id="charts">(.*?)</script>', text, re.S)
    return json.loads(match.group(1))


def cells(text):
    """Returns the rows of the cost table as lists of text."""
    body = re.search(r'<table class="costs.*?<tbody>(.*?)</tbody>', text, re.S).group(1)
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", body, re.S)
    plain = [[re.sub(r"<.*?>", "", cell) for cell in re.split(r"</t[hd]>", row)] for row in rows]
    return [[html_lib.unescape(cell).strip() for cell in row[:-1]] for row in plain]


def write(path):
    return report.write(path).read_text(encoding="utf-8")


def test_user_text_is_text_everywhere(tmp_path):
    asked = {"name": ATTACK, "statement": ATTACK, "metric": "gap", "relation": "rises"}
    made_interventions.wide_study(tmp_path, count=3, suffix=ATTACK)
    info = made_study.describe(
        list(store.read_info(tmp_path).variants), 2, name=ATTACK, hypotheses=[asked]
    )
    store.write_info(tmp_path, info)
    text = write(tmp_path)
    page = Page(text)
    assert page.tags.count("script") == 3
    assert "alert" not in "".join(re.findall(r"<script>alert.*", text))
    assert page.tags.count("b") == 6  # those of the template
    assert ATTACK in page.words  # the name as a title
    assert f"norm=none, width=8{ATTACK}" in page.text
    assert f"norm=none, width=8{ATTACK}" in json.dumps(charts(text), ensure_ascii=False).replace(
        '\\"', '"'
    )
    svg = (tmp_path / store.FIGURES / "error_of_variants.svg").read_text(encoding="utf-8")
    assert "<script" not in svg
    ElementTree.fromstring(svg)


def test_hypotheses_without_a_verdict_are_not_tested(tmp_path, bare):
    made_interventions.wide_study(tmp_path, count=2)
    info = made_study.describe(list(store.read_info(tmp_path).variants), 2)
    store.write_info(tmp_path, info)
    text = Page(write(tmp_path)).text
    assert "Of 3 hypotheses, 3 are not tested." in text
    assert text.count("This study has no runs to compare for it.") == 3


def test_one_seed_and_no_hypotheses(tmp_path, bare):
    made_study.fake_study(tmp_path, seeds=1, hypotheses=[])
    html = write(tmp_path)
    text = Page(html).text
    assert "This study asks no hypotheses" in text
    assert "One seed each, so there are no intervals." in text
    assert "1 seed: no interval, so this may be chance." in text
    assert [row[2] for row in cells(html)][:2] == ["0.0%", "0.0%"]
    assert "NaN" not in html
    assert "nan" not in text.lower()


def test_sixty_variants(tmp_path, bare):
    made_interventions.wide_study(tmp_path, count=60)
    html = write(tmp_path)
    assert len(html.encode()) < 900_000
    assert len(cells(html)) == 60
    assert "There is nothing to split" in Page(html).text
    assert (tmp_path / store.FIGURES / "error_of_variants.svg").exists()


def test_single_variant(tmp_path, bare):
    made_interventions.wide_study(tmp_path, count=1, seeds=1)
    text = Page(write(tmp_path)).text
    assert "1 variant × 1 seed on digits, images 8 × 8 × 1." in text


def test_a_folder_without_a_study_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"holds no finished study: study\.json is missing"):
        report.write(tmp_path)
    made_interventions.wide_study(tmp_path, count=1)
    (tmp_path / store.VERDICTS).unlink()
    with pytest.raises(InputError, match=r"verdicts\.csv is missing"):
        report.write(tmp_path)
    assert not (tmp_path / store.REPORT).exists()
