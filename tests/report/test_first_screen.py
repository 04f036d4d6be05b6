import dataclasses

import made_interventions
import pytest
from snapshots import Page

from depthstudy import records, report, store
from depthstudy.report import tables
from depthstudy.report.sections.answer import first_screen


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return tables.read_study(made_interventions.treated_study(tmp_path_factory.mktemp("treated")))


def depths(**fields):
    plain = {
        "group": "plain",
        "word": "no",
        "deepest": "plain_depth56",
        "against": "plain_depth8",
        "effect": 0.647,
        "low": 0.5,
        "high": 0.7,
        "seeds": 3,
    }
    return records.DepthAnswer(**plain | fields)


def answer(*rows, **step):
    next_step = {"reason": "Train more seeds.", "command": "", "seconds": None} | step
    return records.Answer(group="plain", depths=rows, next=records.NextStep(**next_step))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {},
            "In plain, depth 56 errs 64.7 points more than depth 8 (between +50.0 and +70.0 "
            "points).",
        ),
        (
            {"effect": -0.012, "low": -0.02, "high": -0.004, "word": "yes"},
            "In plain, depth 56 errs 1.2 points less than depth 8 (between −2.0 and −0.4 points).",
        ),
        (
            {"effect": 0.0, "low": None, "high": None, "word": "not known yet", "seeds": 1},
            "In plain, depth 56 errs as much as depth 8. With 1 seed that may be chance; it takes "
            "three or more.",
        ),
        (
            {"word": "not known yet", "low": -0.1, "seeds_needed": 9},
            "In plain, depth 56 errs 64.7 points more than depth 8 (between −10.0 and +70.0 "
            "points). That may be chance; about 9 seeds would tell.",
        ),
        (
            {"word": "not known yet", "low": -0.1, "images_needed": 2_500},
            "In plain, depth 56 errs 64.7 points more than depth 8 (between −10.0 and +70.0 "
            "points). That may be chance; about 2,500 test images would tell, not seeds.",
        ),
        (
            {"bound": "budget", "effect_longer": 0.02},
            "In plain, depth 56 errs 64.7 points more than depth 8 (between +50.0 and +70.0 "
            "points). It lacks steps: trained longer, 2.0 points are left.",
        ),
        (
            {"effect": -0.003, "low": -0.008, "high": 0.002, "effect_longer": 0.005},
            "In plain, depth 56 errs 0.3 points less than depth 8 (between −0.8 and +0.2 points). "
            "With both trained longer, it errs 0.5 points more than depth 8.",
        ),
        (
            {"bound": "unfinished"},
            "In plain, depth 56 errs 64.7 points more than depth 8 (between +50.0 and +70.0 "
            "points). It was still improving when its training ended, so longer training may "
            "help.",
        ),
    ],
)
def test_whether_to_go_deeper(study, fields, sentence):
    assert first_screen.depth_sentence(study, depths(**fields)) == sentence


def test_no_chance_is_blamed_where_nothing_was_learned(study):
    row = depths(word="not known yet", effect=0.0, low=-0.1, high=0.1)
    sentence = first_screen.depth_sentence(study, dataclasses.replace(row, learned=False))
    assert sentence.endswith(
        "No depth is better than always giving the same answer, so nothing can be told."
    )
    assert first_screen.depth_sentence(study, row).endswith("That may be chance.")


def replies(study, *rows, **step):
    answered = dataclasses.replace(study, answer=answer(*rows, **step))
    (block,) = first_screen.section(answered).blocks
    return {reply.question: reply for reply in block.replies}


def test_each_question_has_its_answer(study):
    by_question = replies(study, depths(), command="run it", seconds=90.0)
    assert list(by_question) == ["Go deeper?", "Why", "Take", "Next"]
    assert (by_question["Go deeper?"].word, by_question["Go deeper?"].tone) == ("No", "no")
    assert by_question["Why"].word == "It does not fit"
    assert by_question["Why"].text.startswith(
        "In plain, depth 56 errs 64.7 points more than depth 8 on new"
    )
    assert by_question["Why"].text.endswith("it fails to fit them. Residual wins back all of it.")
    assert by_question["Take"].word == "Plain, depth 8, with augmentation"
    assert by_question["Next"].text == "Train more seeds. It takes about 90 s."
    assert by_question["Next"].more[0].text == "run it"


def excess(part, effect, word):
    return records.Decomposition(
        group="plain", variant="d56", best="d8", part=part, effect=effect, low=0.0, high=0.0,
        seeds=3, word=word,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("train", "words", "ending"),
    [
        (0.020, ("excess", "cannot tell"), "it fails to fit them."),
        (0.010, ("cannot tell", "excess"), "what it learns does not carry over."),
        (0.020, ("cannot tell", "excess"), "does not carry over, cannot be told."),
        (0.010, ("excess", "cannot tell"), "does not carry over, cannot be told."),
    ],
)
def test_where_it_fails_is_said_only_if_shown(train, words, ending):
    rows = [
        excess("total", 0.03, "excess"),
        excess("optimization", train, words[0]),
        excess("generalization", 0.03 - train, words[1]),
    ]
    parts = {row.part: row for row in rows}
    assert first_screen.split_sentence(parts, "depth 56", "depth 8").endswith(ending)


def test_other_groups_stand_below(study):
    other = depths(group="resnet", word="yes")
    reply = replies(study, depths(word="not known yet", seeds=2), other)["Go deeper?"]
    assert (reply.word, reply.tone) == ("Not known yet", "open")
    ((sentence, _),) = reply.more[0].items
    assert sentence.startswith("Yes: in resnet, depth 56 errs")


def test_without_a_cause_it_is_the_budget_or_not_known(study):
    bare = dataclasses.replace(study, attribution=())
    assert replies(bare, depths(bound="budget", effect_longer=0.0))["Why"].word == "Too few steps"
    half = replies(bare, depths(bound="recipe", effect_own_settings=0.3))["Why"]
    assert half.word == "The recipe does not suit it, in part"
    assert half.text.endswith("with the settings that suit each net, 30.0 points are left.")
    assert replies(bare, depths())["Why"].word == "Not known"


def test_no_mechanism_is_blamed_where_a_control_does_as_well(study):
    rows = [dataclasses.replace(row, word="no more than its control") for row in study.attribution]
    why = replies(dataclasses.replace(study, attribution=tuple(rows)), depths())["Why"]
    assert why.word == "Not known"
    assert "No treatment in this study shows a cause. Residual," in why.text


def test_what_a_net_loses_in_another_series_is_another_loss(study):
    elsewhere = {"group": "plain (heads 1 to 4)", "best": "plain_depth20"}
    lost = [
        dataclasses.replace(row, effect=0.01, **elsewhere)
        for row in study.decomposition
        if row.variant == "plain_depth56"
    ]
    won = dataclasses.replace(
        study.attribution[0], mechanism="recipe", share=2.0, word="cause", **elsewhere
    )
    both = dataclasses.replace(
        study,
        decomposition=(*study.decomposition, *lost),
        attribution=(*study.attribution, won),
    )
    why = replies(both, depths())["Why"]
    assert why.word == "It does not fit"
    assert why.text.startswith("In plain, depth 56 errs 64.7 points more than depth 8 on new")


def test_two_seeds_leave_nothing_to_explain(tmp_path):
    two = tables.read_study(made_interventions.treated_study(tmp_path, seeds=2))
    assert any(row.low > 0 for row in two.decomposition if row.part == "total")
    assert list(replies(two, depths(word="not known yet", seeds=2))) == [
        "Go deeper?", "Take", "Next"
    ]  # fmt: skip


@pytest.mark.parametrize("other", [{"deepest": "plain_depth110"}, {"against": "plain_depth20"}])
def test_a_cause_of_other_nets_is_none_of_the_nets_that_lose_most(study, other):
    bare = dataclasses.replace(study, attribution=())
    why = replies(bare, depths(bound="budget", effect_longer=0.02, **other))["Why"]
    assert why.word == "Not known"
    assert why.text.startswith("In plain, depth 56 errs 64.7 points more than depth 8 on new")
    assert "trained longer" not in why.text


def test_the_first_screen_comes_first_and_is_no_entry_of_the_contents(tmp_path, bare):
    made_interventions.treated_study(tmp_path)
    store.write_answer(tmp_path, answer(depths()))
    html = report.write(tmp_path).read_text(encoding="utf-8")
    text = Page(html).text
    assert text.index("Go deeper?") < text.index("Verdicts") < text.index("What was run")
    contents = html.split('<nav class="contents"')[1].split("</nav>")[0]
    assert "In short" not in contents
    anchors = [part.split('"')[0] for part in contents.split('href="#')[1:]]
    assert len(anchors) > 5
    assert all(f'<section id="{anchor}">' in html for anchor in anchors)


def test_a_partial_study_says_so(tmp_path, bare):
    made_interventions.treated_study(tmp_path / store.PARTIAL)
    info = store.read_info(tmp_path / store.PARTIAL)
    store.write_info(tmp_path / store.PARTIAL, dataclasses.replace(info, partial="3 of 18"))
    path = report.write_partial(tmp_path / store.PARTIAL, tmp_path / store.REPORT)
    html = path.read_text(encoding="utf-8")
    assert "Partial: 3 of 18 runs are done" in html
    assert not (tmp_path / store.FIGURES).exists()
    links = [link for link in Page(html).links if not link.startswith("#")]
    assert store.PARTIAL + "/" + store.SUMMARY in links
    assert all((tmp_path / link).exists() for link in links)


def test_many_groups_are_counted_and_folded(study):
    others = [depths(group=f"family{n}", word="no" if n else "yes") for n in range(6)]
    (fold,) = replies(study, depths(), *others)["Go deeper?"].more
    assert fold.summary == "Of 6 other groups: no 5, yes 1"
    ((sentence, _), *rest) = fold.blocks[0].items
    assert sentence.startswith("Yes: in family0, depth 56 errs")
    assert len(rest) == 5
