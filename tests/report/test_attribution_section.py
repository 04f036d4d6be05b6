import dataclasses
import re

import made_interventions
import pytest

from depthstudy import records, report, store
from depthstudy.report import tables
from depthstudy.report.sections.causes import attribution, no_excess

DEEPEST = "plain_depth56"


@pytest.fixture(scope="module")
def treated(tmp_path_factory):
    return tables.read_study(made_interventions.treated_study(tmp_path_factory.mktemp("treated")))


def page(path):
    html = report.write(path).read_text(encoding="utf-8")
    body = html.split("</nav>")[-1].split("</main>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<.*?>", "", body))


def test_the_deepest_comes_first_with_its_treatments(treated):
    causes = attribution.causes(treated)
    assert [cause.panel.title for cause in causes] == ["plain, depth 56", "plain, depth 20"]
    assert causes[0].finding.startswith(
        "In plain, depth 56 errs 64.7 points more than depth 8 (95%"
    )
    assert causes[0].finding.endswith(
        "Treating optimization wins back all of it and treating the receptive field 37%."
    )
    colors = [color for _, color in causes[0].lines]
    assert colors == ["var(--optimization)", "var(--overfitting)", "var(--receptive-field)"]
    assert no_excess.healthy(treated) == []


def test_the_panel_draws_the_attribution(treated):
    panel = attribution.causes(treated)[0].panel
    rows = [row for row in treated.attribution if row.variant == "plain_depth56"]
    lost, *won = panel.values
    excess = [100 * value for value in (rows[0].excess, rows[0].excess_low, rows[0].excess_high)]
    assert [lost["points"], lost["low"], lost["high"]] == pytest.approx(excess, 1e-4)
    assert len(won) == len(rows) == 3
    for bar, row in zip(won, rows, strict=True):
        numbers = [100 * value for value in (row.recovered, row.low, row.high)]
        assert [bar["points"], bar["low"], bar["high"]] == pytest.approx(numbers, 1e-4)
        assert ("%" in bar["text"]) == row.established
    layers = panel.spec(300)["layer"]
    scales = [
        channel["scale"]["domain"]
        for layer in layers
        for name, channel in layer["encoding"].items()
        if name == "x"
    ]
    assert len({tuple(domain) for domain in scales}) == 1
    low, high = scales[0]
    assert low <= min(bar["low"] for bar in panel.values)
    assert high >= max(bar["high"] for bar in panel.values)


def test_the_page_says_why_and_what_to_take(tmp_path, bare):
    made_interventions.treated_study(tmp_path)
    text = page(tmp_path)
    order = [
        "Recommendation Take plain, depth 8, with augmentation: 0.6% of new images wrong",
        "Error against depth",
        "Where the accuracy went",
        "Why deeper did worse",
        "data.image_size is doubled",
        "In plain, depth 56 errs 64.7 points more than depth 8",
        "Residual (optimization) wins back 64.6 of the 64.7 points (share 100%",
        "Augmentation (overfitting) wins back nothing that can be told from chance",
        "What each net costs",
    ]
    assert [text.find(words) for words in order] == sorted(text.find(words) for words in order)
    assert -1 not in [text.find(words) for words in order]
    assert (tmp_path / store.FIGURES / "attribution.svg").exists()
    assert store.ATTRIBUTION in text
    assert store.RECOMMENDATION in text


def test_a_healthy_study_has_no_excess(tmp_path, bare):
    made_interventions.treated_study(tmp_path, healthy=True)
    text = page(tmp_path)
    assert "Is deeper worse?" in text
    assert "Why deeper did worse" not in text
    assert (
        text.count(
            "In plain, no excess: depth 56 errs at most a point more than the best (depth 20)"
        )
        == 1
    )
    assert not (tmp_path / store.FIGURES / "attribution.svg").exists()


def test_one_seed_tells_nothing(tmp_path, bare):
    made_interventions.treated_study(tmp_path, seeds=1)
    text = page(tmp_path)
    assert "In plain, one seed each: that a deeper net does worse may be chance." in text
    assert "It errs least on test images, on one seed." in text
    assert "nan" not in text.lower().replace("finance", "")


def test_an_excess_without_a_treatment_stays_open(tmp_path):
    made_interventions.treated_study(tmp_path)
    (tmp_path / store.ATTRIBUTION).unlink()
    study = tables.read_study(tmp_path)
    first, _ = attribution.causes(study)
    assert first.panel is None
    assert first.finding.endswith("no better than always giving the same answer.")
    longer = [
        dataclasses.replace(info, treatment="longer4") if info.untreated else info
        for info in study.info.variants
    ]
    info = dataclasses.replace(study.info, variants=tuple(longer))
    first, _ = attribution.causes(dataclasses.replace(study, info=info))
    assert first.finding.endswith("the best depth was not trained longer by as much.")
    first, _ = attribution.causes(tables.untreated(study))
    assert first.finding.endswith(
        "No treatment in this study changes these nets, so what is to blame stays open."
    )


def test_two_seeds_show_no_excess_that_is_to_be_explained(tmp_path, bare):
    study = tables.read_study(made_interventions.treated_study(tmp_path, seeds=2))
    totals = [row for row in study.decomposition if (row.variant, row.part) == (DEEPEST, "total")]
    assert totals[0].low > 0
    assert attribution.causes(study) == []
    (sentence,) = no_excess.healthy(study)
    assert "depth 56 may err up to" in sentence
    text = page(tmp_path)
    assert "Cannot tell whether anything is lost: up to" in text
    assert "No treatment in this study changes these nets" not in text


def test_that_the_deepest_errs_least_is_told_by_its_intervals(tmp_path):
    made_interventions.treated_study(tmp_path)
    study = tables.read_study(tmp_path)
    best = dataclasses.replace(study, decomposition=(), attribution=())
    assert no_excess.healthy(best) == [
        "In plain, cannot tell: that the deepest net (depth 56) is the best may be chance."
    ]
    row = records.DepthAnswer(
        group="plain", word="not known yet", deepest=DEEPEST, against="plain_depth8",
        effect=-0.007, low=-0.058, high=0.047, excess_high=0.047, seeds=3,
    )  # fmt: skip
    answer = records.Answer(group="plain", depths=(row,), next=records.NextStep(reason=""))
    (sentence,) = no_excess.healthy(dataclasses.replace(best, answer=answer))
    assert sentence.endswith("may err up to 4.7 points more than another.")


def test_without_treatments_the_section_is_not_there(workdir, html):
    assert "Why deeper did worse" not in html
    assert "Recommendation" not in html
    assert not tables.has_treatments(tables.read_study(workdir))
