import dataclasses

import made_interventions
import made_study
import numpy as np
import pytest
from PIL import Image
from snapshots import Page

from depthstudy import records, report, store
from depthstudy.report import tables
from depthstudy.report.sections.mistakes import classes, images


def mistake(kind, image, **fields):
    plain = {
        "variant": "plain-8",
        "name": "cat",
        "predicted": "dog",
        "confidence": 0.987,
        "wrong": 1.0,
        "agreeing": 1.0,
        "suspect": False,
    }
    return records.Mistake(kind=kind, image=image, **plain | fields)


@pytest.fixture
def folder(tmp_path):
    made_study.fake_study(tmp_path)
    errors = [
        records.ClassError(variant=f"plain-{depth}", label=k, name=name, images=20, error=error)
        for depth in made_study.DEPTHS
        for k, (name, error) in enumerate([("cat", 0.1 + depth / 100), ("dog", 0.05)])
    ]
    confusion = [
        records.Confusion(variant="plain-8", name=a, predicted=b, images=n, share=n / 20)
        for a, b, n in [("cat", "cat", 16.5), ("cat", "dog", 3.5), ("dog", "dog", 20.0)]
    ]
    flips = records.Flips(
        group="plain", deepest="plain-56", against="plain-8", lost=300, won=1, images=359, churn=4.0
    )
    shown = [mistake("worst", 7, suspect=True), mistake("lost", 9), mistake("won", 11)]
    for name, kind, rows in (
        (store.CLASS_ERRORS, records.ClassError, errors),
        (store.CONFUSION, records.Confusion, confusion),
        (store.FLIPS, records.Flips, [flips]),
        (store.MISTAKES, records.Mistake, shown),
    ):
        store.write_table(tmp_path / name, records.frame(kind, rows))
    (tmp_path / store.MISTAKE_IMAGES).mkdir()
    for row in shown[:2]:
        pixels = Image.fromarray(np.zeros((8, 8), np.uint8))
        pixels.save(tmp_path / store.MISTAKE_IMAGES / f"{row.image}.png")
    return tmp_path


def test_classes_that_are_got_wrong_are_named(folder):
    study = tables.read_study(folder)
    rows = [row for row in study.class_errors if row.variant in ("plain-8", "plain-56")]
    assert classes.classes_sentence(study, rows) == (
        "Most often wrong: cat at depth 8 (18.0% of 20 images) and cat at depth 56 (66.0% of 20 "
        "images)."
    )
    digit = [dataclasses.replace(row, name="8") for row in rows if row.name == "cat"]
    assert "wrong: class 8 at depth 8 (18.0%" in classes.classes_sentence(study, digit)
    never = [
        records.ClassError(variant="plain-8", label=0, name="shirt", images=9, error=1.0),
        records.ClassError(variant="plain-56", label=0, name="shirt", images=9, error=0.97),
    ]
    assert classes.classes_sentence(study, never) == (
        "Hardly ever right, by any of these nets: shirt."
    )


def test_nets_of_several_groups_are_told_apart(folder):
    study = tables.read_study(folder)
    groups = list(tables.groups(study.info))
    rows = [
        dataclasses.replace(row, variant=row.variant.replace("plain", group))
        for group in groups
        for row in study.class_errors
    ]
    section = classes.section(dataclasses.replace(study, class_errors=tuple(rows)))
    (charts,) = (block for block in section.blocks if hasattr(block, "panels"))
    assert {cell["net"] for cell in charts.panels[0].values} == {
        f"{group}, depth {depth}" for group in groups for depth in made_study.DEPTHS
    }


def test_runs_that_diverged_are_said_to_be_left_out(folder):
    section = classes.section(tables.read_study(folder))
    (charts,) = (block for block in section.blocks if hasattr(block, "captions"))
    assert (
        "Left out, here and below, are runs that diverged: plain-56 (1 of 3 runs)."
        in (charts.captions[0])
    )


def test_confusions_and_flips_in_words(folder):
    study = tables.read_study(folder)
    assert classes.confusion_sentences(study.confusion) == [
        "cat taken for dog: 3.5 images, 18% of its class."
    ]
    assert images.flips_sentence(study, study.flips[0]) == (
        "In plain, depth 56 loses 300 images that depth 8 gets right, and wins 1, of 359; two runs "
        "of depth 8 alone differ on 4.0."
    )


def test_the_page_shows_the_images_themselves(folder, bare):
    html = report.write(folder).read_text(encoding="utf-8")
    page = Page(html)
    assert [src[:22] for src in page.fetched] == ["data:image/png;base64,"] * 2
    text = page.text
    for words in (
        "What they get wrong",
        "cat, taken for dog",
        "said with 99%; wrong in 100% of runs, test image 7",
        "marks labels that may be wrong",
        "Images that the deepest net loses",
    ):
        assert words in text
    assert "Images that the deepest net wins" not in text  # its picture is not there
    assert html.count("⚑") == 2
    names = {path.stem for path in (folder / store.FIGURES).glob("*.svg")}
    assert {"error_by_class", "confusion"} <= names


def test_runs_that_kept_no_answers_have_no_section(tmp_path):
    study = tables.read_study(made_study.fake_study(tmp_path))
    assert classes.section(study) is None


def test_groups_that_are_the_same_runs_are_shown_once(tmp_path):
    import dataclasses

    made_interventions.treated_study(tmp_path)
    info = store.read_info(tmp_path)
    variants = tuple(
        dataclasses.replace(v, same_as=v.untreated) if v.treatment == "residual" else v
        for v in info.variants
    )
    store.write_info(tmp_path, dataclasses.replace(info, variants=variants))
    study = tables.read_study(tmp_path)
    assert tables.copies(study.info) == {"plain + residual": "plain"}
    groups = {info.group for info in tables.shown(study).info.variants}
    assert "plain + residual" not in groups
    assert "plain" in groups
