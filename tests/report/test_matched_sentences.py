import pytest

from depthstudy import records, report, store
from depthstudy.report import advice, tables


def row(variant, group, gap, low, high, level=1.9812):
    return records.MatchedGap(
        group=group, variant=variant, level=level, train_loss=1.5, step=30.0, gap=gap, low=low,
        high=high, seeds=3,
    )  # fmt: skip


@pytest.fixture
def study(tmp_path, made, bare):
    made.treated_study(tmp_path)
    rows = [
        row("plain_depth8", "plain", 0.03, 0.026, 0.034),
        row("plain_depth56", "plain", -0.011, -0.02, -0.002),
        row("plain_depth8+residual", "plain + residual", 0.5, 0.4, 0.6),
    ]
    store.write_table(tmp_path / store.MATCHED, records.frame(records.MatchedGap, rows))
    return tmp_path


def test_a_line_for_each_untreated_group(study):
    assert advice.matched_sentences(tables.read(study)) == [
        "In plain, when train loss first was 1.98 or less, the gap was 3.0 ± 0.4 points at depth 8 "
        "and −1.1 ± 0.9 points at depth 56."
    ]
    html = report.write(study).read_text(encoding="utf-8")
    assert "Gap at matched train loss" in html
    assert 'href="matched.csv"' in html


def test_one_seed_has_no_interval_and_a_huge_loss_is_whole(study):
    nan = float("nan")
    rows = [row("plain_depth8", "plain", 0.03, nan, nan, level=25_166_420.2)]
    store.write_table(study / store.MATCHED, records.frame(records.MatchedGap, rows))
    assert advice.matched_sentences(tables.read(study)) == [
        "In plain, when train loss first was 25,166,420 or less, the gap was 3.0 points at depth 8."
    ]


def test_an_older_study_has_none(study):
    (study / store.MATCHED).unlink()
    assert advice.matched_sentences(tables.read(study)) == []
    assert "Gap at matched train loss" not in report.write(study).read_text(encoding="utf-8")
