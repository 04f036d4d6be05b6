import dataclasses
import math

import made_interventions
import pandas as pd
import pytest
from reseal import reseal

from depthstudy import records, report, store
from depthstudy.records import Decomposition
from depthstudy.report import tables
from depthstudy.report.sections.causes import decomposition


def split(total, optimization, generalization, low=0.1, seeds=3, word=""):
    effects = {
        "total": total,
        "optimization": optimization,
        "generalization": generalization,
    }
    fields = {"group": "plain", "variant": "plain-56", "best": "plain-8"}
    fields |= {"seeds": seeds, "word": word}
    return {
        part: Decomposition(part=part, effect=effect, low=low, high=1.0, **fields)
        for part, effect in effects.items()
    }


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        (
            split(0.382, 0.375, 0.007),
            "Of the 38.2 points that plain at depth 56 loses against depth 8, "
            "37.5 are train error (optimization) and 0.7 are gap (generalization).",
        ),
        (
            split(0.05, 0.01, 0.04),
            "Of the 5.0 points that plain at depth 56 loses against depth 8, "
            "4.0 are gap (generalization) and 1.0 are train error (optimization).",
        ),
        (
            split(0.382, 0.382, 0.0),
            "Of the 38.2 points that plain at depth 56 loses against depth 8, "
            "38.2 are train error (optimization).",
        ),
        (
            split(0.703, 0.72, -0.017),
            "In plain, depth 56 loses 70.3 points against depth 8: train error is "
            "72.0 points higher (optimization), the gap 1.7 points smaller (generalization).",
        ),
        (
            split(0.02, -0.01, 0.03, low=-0.02),
            "In plain, depth 56 loses 2.0 points against depth 8: train error is "
            "1.0 points lower (optimization), the gap 3.0 points larger (generalization). "
            "Cannot tell whether anything is lost: up to 100.0 points.",
        ),
        (
            split(0.05, 0.05, 0.0, low=math.nan, seeds=1),
            "Of the 5.0 points that plain at depth 56 loses against depth 8, "
            "5.0 are train error (optimization). 1 seed: no interval, so this may be chance.",
        ),
        (
            split(0.0008, 0.0004, 0.0004),
            "In plain, depth 56 loses 0.1 points against depth 8, too few to split.",
        ),
        (
            split(0.1, 0.1, 0.0, seeds=2, word="cannot tell"),
            "Of the 10.0 points that plain at depth 56 loses against depth 8, "
            "10.0 are train error (optimization). Cannot tell whether anything is lost: up to "
            "100.0 points.",
        ),
        (split(0.0, 0.0, 0.0), "In plain, depth 56 is not seen to err more than depth 8."),
    ],
)
def test_decomposition_sentence(parts, sentence):
    assert decomposition.decomposition_sentence(parts, "plain", "depth 56", "depth 8") == sentence


def test_no_excess_is_said_where_it_is_shown():
    parts = split(0.004, 0.004, 0.0, low=-0.001)
    parts["total"] = dataclasses.replace(parts["total"], word="no excess", high=0.009)
    sentence = decomposition.decomposition_sentence(parts, "plain", "depth 56", "depth 8")
    assert sentence.endswith("No excess: it is less than a point (at most 0.9).")


def row(variant, group, gap, low, high, level=1.9812):
    return records.MatchedGap(
        group=group, variant=variant, level=level, train_loss=1.5, step=30.0, gap=gap, low=low,
        high=high, seeds=3,
    )  # fmt: skip


@pytest.fixture
def study(tmp_path, bare):
    made_interventions.treated_study(tmp_path)
    rows = [
        row("plain_depth8", "plain", 0.03, 0.026, 0.034),
        row("plain_depth56", "plain", -0.011, -0.02, -0.002),
        row("plain_depth8+residual", "plain + residual", 0.5, 0.4, 0.6),
    ]
    store.write_table(tmp_path / store.MATCHED, records.frame(records.MatchedGap, rows))
    reseal(tmp_path)
    return tmp_path


def test_a_line_for_each_untreated_group(study):
    assert decomposition.matched_sentences(tables.read_study(study)) == [
        "In plain, when train loss first was 1.98 or less, the gap was 3.0 ± 0.4 points at depth 8 "
        "and −1.1 ± 0.9 points at depth 56."
    ]
    html = report.write(study).read_text(encoding="utf-8")
    assert "Gap at matched train loss" in html
    assert "The gap is validation error minus train error" in html
    assert "not balanced" not in html
    assert 'href="matched.csv"' in html


def test_nets_that_had_learned_more_when_first_evaluated_cannot_be_compared(study):
    early = dataclasses.replace(row("plain_depth8", "plain", 0.03, 0.026, 0.034), matched=False)
    rows = [early, row("plain_depth56", "plain", -0.011, -0.02, -0.002)]
    store.write_table(study / store.MATCHED, records.frame(records.MatchedGap, rows))
    assert decomposition.matched_sentences(tables.read_study(study)) == [
        "In plain, cannot compare. Depth 8 cannot be matched: when first evaluated, it had learned "
        "more than the worst ends with."
    ]
    rows.append(row("plain_depth20", "plain", 0.01, 0.005, 0.015))
    store.write_table(study / store.MATCHED, records.frame(records.MatchedGap, rows))
    (sentence,) = decomposition.matched_sentences(tables.read_study(study))
    assert sentence.startswith("In plain, when train loss first was 1.98 or less, the gap was ")
    assert sentence.endswith("it had learned more than the worst ends with.")  # fmt: skip


def test_one_seed_has_no_interval_and_a_huge_loss_is_whole(study):
    nan = float("nan")
    rows = [row("plain_depth8", "plain", 0.03, nan, nan, level=25_166_420.2)]
    store.write_table(study / store.MATCHED, records.frame(records.MatchedGap, rows))
    reseal(study)
    assert decomposition.matched_sentences(tables.read_study(study)) == [
        "In plain, when train loss first was 25,166,420 or less, the gap was 3.0 points at depth 8."
    ]


def test_nets_that_are_deepened_in_different_parts_have_theirs(study):
    read = tables.read_study(study)
    parts = {"plain_depth8": (1, 1), "plain_depth56": (4, 1), "plain_depth20": (1, 4)}
    variants = tuple(
        dataclasses.replace(
            info,
            settings=dict(
                zip(
                    ("model.cells", "model.head_repeats"), parts.get(info.name, (1, 1)), strict=True
                )
            ),
        )
        for info in read.info.variants
    )
    split_up = dataclasses.replace(read, info=dataclasses.replace(read.info, variants=variants))
    assert "plain" not in tables.untreated_series(split_up)
    assert decomposition.matched_sentences(split_up) == [
        "In plain, when train loss first was 1.98 or less, the gap was 3.0 ± 0.4 points at "
        "plain_depth8 and −1.1 ± 0.9 points at plain_depth56."
    ]


def test_an_older_study_has_none(study):
    (study / store.MATCHED).unlink()
    assert decomposition.matched_sentences(tables.read_study(study)) == []
    assert "Gap at matched train loss" not in report.write(study).read_text(encoding="utf-8")


def test_nets_whose_runs_all_diverged_are_named(study):
    read = tables.read_study(study)
    runs = read.summary.loc[read.summary["variant"] == "plain_depth20", ["variant", "seed"]]
    ends = runs.assign(step=9, probe="run", metric="diverged_at_step", value=9.0)
    for diverged, ending in ((ends, " Depth 20 is left out: all runs diverged."), (ends[1:], "")):
        measured = pd.concat([read.measurements, diverged], ignore_index=True)
        (sentence,) = decomposition.matched_sentences(
            dataclasses.replace(read, measurements=measured)
        )
        assert sentence.endswith(f"points at depth 56.{ending}")
