import html as html_lib
import json
import re
import subprocess
import sys
from xml.etree import ElementTree

import pandas as pd
from snapshots import Page

from depthstudy import report, store
from depthstudy.report.text.formats import amount


def charts(text):
    match = re.search(r'<script type="application/json" id="charts">(.*?)</script>', text, re.S)
    return json.loads(match.group(1))


def cells(text):
    """Returns the rows of the two cost tables, of nets and of their runs, as lists of text."""
    bodies = re.findall(r'<table class="costs.*?<tbody>(.*?)</tbody>', text, re.S)
    return [cells_of(body) for body in bodies]


def cells_of(body):
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", body, re.S)
    plain = [[re.sub(r"<.*?>", "", cell) for cell in re.split(r"</t[hd]>", row)] for row in rows]
    return [[html_lib.unescape(cell).strip() for cell in row[:-1]] for row in plain]


def write(path):
    return report.write(path).read_text(encoding="utf-8")


def test_importing_the_package_is_cheap():
    code = "import sys, depthstudy.report as r; print([m for m in ('altair','jinja2','vl_convert',"
    code += "'pandas') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_page_is_one_small_file_that_fetches_nothing(html):
    page = Page(html)
    assert len(html.encode()) < 1_400_000
    assert page.fetched == []
    assert "default-src 'none'" in html
    style = re.search(r"<style>(.*?)</style>", html, re.S).group(1)
    assert "url(" not in style
    assert "@import" not in style
    assert not any("://" in link for link in page.links)
    assert "vega.github.io" not in json.dumps(charts(html))
    assert "window.vegaEmbed=" in html


def test_every_link_leads_to_a_file(workdir, html):
    links = [link for link in Page(html).links if not link.startswith("#")]
    assert set(links) >= {store.SUMMARY, store.VERDICTS, store.DECOMPOSITION, store.RECORDS}
    assert all((workdir / link).exists() for link in links)


def test_the_chart_library_is_kept_for_the_next_page(tmp_path, monkeypatch):
    import vl_convert

    from depthstudy.report import page

    built = []
    monkeypatch.setattr(vl_convert, "javascript_bundle", lambda _: built.append(1) or "</script>")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert [page.bundle(), page.bundle()] == [r"<\/script>"] * 2
    assert len(built) == 1
    monkeypatch.setattr(page.metadata, "version", lambda _: "another")
    page.bundle()
    assert len(built) == 2
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert page.bundle() == r"<\/script>"


def test_verdicts_come_first(html):
    assert "8 variants × 3 seeds on digits, images 8 × 8 × 1." in Page(html).text
    text = Page(html.split("</nav>")[1]).text
    order = [
        "Of 3 hypotheses, 2 are supported and 1 is inconclusive.",
        "Train error of plain nets rises with depth.",
        "Train error rose by 72.0 points",
        "Error against depth",
        "How the nets trained",
        "Where the accuracy went",
        "What each net costs",
        "What was run",
    ]
    assert [text.find(words) for words in order] == sorted(text.find(words) for words in order)
    assert -1 not in [text.find(words) for words in order]


def test_verdicts_show_word_and_symbol(html):
    shown_verdicts = re.findall(
        r'<li class="([\w-]+)">\s*<p class="word"><span[^>]*>(.)</span> (.*?)</p>', html
    )
    assert shown_verdicts == [
        ("supported", "✓", "Supported"),
        ("inconclusive", "?", "Inconclusive"),
        ("supported", "✓", "Supported"),
    ]


def test_cost_table_equals_the_input(workdir, html):
    info, summary = store.read_info(workdir), pd.read_csv(workdir / store.SUMMARY)
    means = pd.read_csv(workdir / store.MEANS).set_index(["variant", "metric"])
    rows, of_runs = cells(html)
    assert [row[0].removesuffix(" ✕") for row in rows] == [v.name for v in info.variants]
    for row, run, variant in zip(rows, of_runs, info.variants, strict=True):
        runs = summary[summary["variant"] == variant.name]
        numbers = [int(cell.replace(",", "")) for cell in row[3:7]]
        assert numbers == [
            variant.depth,
            variant.parameters,
            variant.macs,
            variant.activations,
        ]
        assert row[7].startswith(f"{variant.receptive_field} px")
        assert row[7].endswith("▲")
        budget = [amount(number) for number in (variant.images_seen, variant.training_macs)]
        seconds = f"{runs['seconds'].mean():.1f} s"
        assert run == [variant.name, f"{variant.steps:,}", *budget, seconds]
        for cell, metric in ((row[2], "train_error"), (row[1], "test_error")):
            mean = f"{100 * runs[metric].mean():.1f}%"
            low, high = 100 * means.loc[(variant.name, metric), ["low", "high"]]
            ends = f" ({low:.1f}\xa0to\xa0{high:.1f}%)" if runs[metric].std() else ""
            assert cell == mean + ends


def test_diverged_runs_are_named(html):
    assert "plain-56: 1 of 3 seeds diverged, at step 130." in Page(html).text
    assert [row[0] for row in cells(html)[0] if "✕" in row[0]] == ["plain-56 ✕"]


def test_what_was_run(workdir, html):
    info, text = store.read_info(workdir), html_lib.unescape(html)
    assert info.command in Page(html).text
    assert json.dumps(info.config, indent=2) in text
    assert "3 November 2025, 14:22 UTC" in text
    parts = re.findall(r"<dt>Time: (\w+)</dt><dd>(.*?)</dd>", text)
    assert parts == [
        ("compile", "41.2 s"),
        ("train", "6 min 13 s"),
        ("evaluate", "22.4 s"),
        ("total", "7 min 31 s"),
    ]
    for name, version in info.versions.items():
        assert f"<dt>{name}</dt><dd>{version}</dd>" in text


def test_figures_stand_beside_the_page(workdir):
    folder = workdir / store.FIGURES
    names = ["decomposition", "error_against_cost", "error_against_depth"]
    names += ["training_curves_1", "training_curves_2"]
    assert sorted(path.stem for path in folder.glob("*.svg")) == names
    assert sorted(path.stem for path in folder.glob("*.csv")) == names
    for path in folder.glob("*.svg"):
        text = path.read_text(encoding="utf-8")
        assert "var(--" not in text
        marks = [e for e in ElementTree.fromstring(text).iter() if e.get("aria-roledescription")]
        assert len(marks) > 30  # the marks themselves, not the axes alone
    assert (folder / "error_against_depth.png").read_bytes().startswith(b"\x89PNG")
