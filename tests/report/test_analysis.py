"""A made-up analysis: a residual net of three stages, and a plain one beside it."""

import dataclasses
import html as html_lib
import json
import math
import re
from html.parser import HTMLParser

import pytest
import vl_convert

from depthstudy import records, report, store
from depthstudy.errors import InputError
from depthstudy.report import (
    analysis_charts,
    analysis_checks,
    analysis_deletion,
    analysis_numbers,
    analysis_runs,
    analysis_sections,
    palette,
)
from depthstudy.report import analysis_words as words

ATTACK = '</script><script>alert("1")</script><b>&'
PROBES = {
    "generalisation": "errors",
    "memorisation": "wrong labels",
    "gradients": "norms",
    "shattering": "noise",
    "isometry": "singular values",
    "sharpness": "eigenvalues",
    "cka": "likeness",
    "deletion": "blocks out",
    "deletion_reestimated": "blocks out, statistics anew",
    "linear": "classes",
    "rank": "directions",
    "field": "view",
}
STEP = 460


class Page(HTMLParser):
    """Collects tags, what a browser would fetch, and the text outside scripts."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.fetched, self.links, self.words = [], [], [], []
        self.inert = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.inert = tag in ("script", "style")
        fields = dict(attrs)
        self.fetched += [fields[key] for key in ("src", "srcset", "data") if key in fields]
        if tag == "link":
            self.fetched.append(fields.get("href"))
        if tag == "a":
            self.links.append(fields["href"])

    def handle_endtag(self, tag):
        self.inert = False

    def handle_data(self, data):
        if not self.inert and data.strip():
            self.words.append(data.strip())

    @property
    def text(self):
        return "\n".join(self.words)


def described(variant="resnet", blocks=3, **changes):
    run = records.AnalysisRun(
        folder=f"results/made/runs/{variant}/seed0",
        study="made",
        variant=variant,
        seed=0,
        step=STEP,
        family=variant.partition("_")[0],
        depth=6 * blocks + 2,
        image_shape=(32, 32, 3),
    )
    return dataclasses.replace(run, **changes)


def rows_of(run, blocks=3, *, residual=True, probes=tuple(PROBES), wobble=0.0):
    """Returns records of a net of three stages of some blocks of two convolutions."""
    paths = [f"stage{s}/block{b:02d}" for s in (1, 2, 3) for b in range(1, blocks + 1)]
    inner = [f"{path}/conv{i}" for path in paths for i in (1, 2)]
    convolutions = ["stem/conv", *inner]
    count = len(paths)
    rows = []

    def add(probe, metric, values):
        values = values if isinstance(values, dict) else {"": values}
        if probe.split(" ")[0] in probes:
            for layer, value in values.items():
                rows.append(
                    records.Record(
                        study=run.study,
                        variant=run.variant,
                        seed=run.seed,
                        step=run.step,
                        probe=probe,
                        layer=layer,
                        metric=metric,
                        value=value,
                    )
                )

    train, test = (0.61, 0.632) if not residual else (0.0, 0.021)
    add("generalisation", "train_error", train)
    add("generalisation", "test_error", test)
    add("generalisation", "gap", test - train)
    add("memorisation", "not_applicable: no train label is wrong; set data.label_noise", 1.0)
    weights = [*convolutions, "head/dense"]
    for suffix, slope in (("_initial", 0.1 if residual else -2.4771), ("", 0.3)):
        shares = {layer: 1 - i / (len(weights) - 1) for i, layer in enumerate(weights)}
        norms = {layer: 0.01 * 10 ** (slope * share) for layer, share in shares.items()}
        add("gradients", f"gradient_norm{suffix}", norms)
        add("gradients", f"gradient_norm_slope{suffix}", slope)
        add(
            "gradients",
            f"output_gradient_norm{suffix}",
            {path: norms[f"{path}/conv1"] for path in paths},
        )
        add("gradients", f"output_gradient_norm_slope{suffix}", 2 * slope)
        add("isometry", f"isometry_distance{suffix}", 0.25 + wobble)
        add("shattering", f"gradient_correlation{suffix}", 0.744)
    add("sharpness", "hessian_eigenvalue_1", 12345.678)
    near = {
        f"{a} ~ {b}": max(0.0, 1 - 0.03 * (j - i) - 0.2 * (a[:6] != b[:6]))
        for i, a in enumerate(paths)
        for j, b in enumerate(paths)
        if i < j
    }
    add("cka", "cka", near)
    add("cka", "far_cka", 0.512)
    if residual:
        for probe, factor in (("deletion", 1.0), ("deletion_reestimated", 0.1)):
            fixed = [f"stage{s}/block01" for s in (2, 3)]
            add(
                probe, "not_applicable: its shortcut is not the identity", dict.fromkeys(fixed, 1.0)
            )
            add(probe, "error", test)
            free = [path for path in paths if path not in fixed]
            costs = {path: factor * 0.2 / 4**i for i, path in enumerate(free)}
            add(probe, "error_increase", costs)
            add(probe, "error_increase_deleting_2", factor * 0.3)
            add(probe, "error_increase_deleting_4", factor * 0.5)
            add(probe, "error_increase_swapping_1", factor * 0.1)
    else:
        reason = "no block has an identity shortcut, so none can be taken out"
        add("deletion", f"not_applicable: {reason}", 1.0)
        add("deletion_reestimated", f"not_applicable: {reason}", 1.0)
    rising = {path: 1 - 0.5**i for i, path in enumerate(paths, start=1)}
    add("linear", "probe_accuracy", rising)
    add("rank", "saturation", {path: 1 - 0.05 * i * 9 / count for i, path in enumerate(paths)})
    add("rank", "effective_rank", {path: 14.5 + 3 * i for i, path in enumerate(paths)})
    add("rank", "dead_share", {path: 0.06 * (i == 1) for i, path in enumerate(paths)})
    add("field", "receptive_field", {path: 3.0 + 4 * i for i, path in enumerate(convolutions)})
    add("field", "receptive_field", 3.0 + 4 * len(convolutions[:-1]))
    add("field", "border_layer", {convolutions[9]: 10.0})
    add("field", "share_past_border", (len(convolutions) - 9) / len(convolutions))
    return rows


def crossed(run, other, blocks=3):
    paths = [f"stage{s}/block{b:02d}" for s in (1, 2, 3) for b in range(1, blocks + 1)]
    return [
        records.Record(
            study=run.study,
            variant=run.variant,
            seed=run.seed,
            step=run.step,
            probe=f"cka with {other.variant} seed {other.seed}",
            layer=f"{a} ~ {b}",
            metric="cross_cka",
            value=0.9 if a == b else 0.4,
        )
        for a in paths
        for b in paths
    ]


def save(folder, runs, rows, probes=tuple(PROBES), command="python scripts/analyze.py --run=x"):
    info = records.AnalysisInfo(
        command=command,
        runs=tuple(runs),
        probes={name: PROBES[name] for name in probes},
        seconds=dict.fromkeys(probes, 1.5),
        versions={"jax": "0.10.2"},
        hardware={"platform": "cpu", "devices": "1 x cpu"},
    )
    store.write_analysis_info(folder, info)
    store.write_table(folder / store.ANALYSIS, records.frame(records.Record, rows))
    return folder


@pytest.fixture
def one(tmp_path):
    run = described()
    return save(tmp_path, [run], rows_of(run))


@pytest.fixture
def two(tmp_path):
    run, other = described(), described("plain")
    rows = [*rows_of(run), *rows_of(other, residual=False), *crossed(run, other)]
    return save(tmp_path, [run, other], rows)


@pytest.fixture
def bare(monkeypatch):
    """Leaves out the chart library where a test does not need it."""
    monkeypatch.setattr(vl_convert, "javascript_bundle", lambda snippet: "/* library */")


def write(folder):
    return report.write_analysis(folder).read_text(encoding="utf-8")


def charts(text):
    found = re.search(r'<script type="application/json" id="charts">(.*?)</script>', text, re.S)
    return json.loads(found.group(1))


def titles(text):
    return [html_lib.unescape(title) for title in re.findall(r"<h4>(.*?)</h4>", text)]


def sentences(folder):
    """Returns state and text of each check of each run."""
    found = analysis_checks.findings(analysis_runs.read(folder))
    return {
        check.name: [
            (side.state, side.text.replace("\N{NON-BREAKING HYPHEN}", "-")) for side in sides
        ]
        for check, sides in found
    }


def test_sentences_follow_from_the_numbers(two):
    assert sentences(two) == {
        "Fit": [
            (
                "nothing",
                "Train error 0.0%, test error 2.1%: the net fits its train set and does about as "
                "well on new images.",
            ),
            (
                "stands out",
                "Train error 61.0%, test error 63.2%: the net does not fit its own train set.",
            ),
        ],
        "Gradients": [
            (
                "nothing",
                "From head to stem, gradients grow 1.3-fold at initialisation and grow 2.0-fold "
                "at step 460.",
            ),
            (
                "stands out",
                "From head to stem, gradients shrink 300-fold at initialisation and grow "
                "2.0-fold at step 460.",
            ),
        ],
        "Blocks": [
            (
                "stands out",
                "Taking out any one block costs 0.0 to 20.0 points of test error: 4 of 7 "
                "removable blocks are redundant by this measure, 6 once batch statistics are "
                "taken anew.",
            ),
            (
                "does not apply",
                "Does not apply: no block has an identity shortcut, so none can be taken out.",
            ),
        ],
        "Field of view": [
            (
                "stands out",
                "From 2.2 conv1 on, 10 of 19 convolutions lie past the border: they see nothing "
                "new, as the input already covers the whole image (32 px).",
            )
        ]
        * 2,
        "Likeness": [
            ("nothing", "3 of 9 blocks in a row, 1.1 to 1.3, are nearly alike (CKA above 0.9).")
        ]
        * 2,
        "Classes": [
            (
                "nothing",
                "From block 3.1 the classes can be read off with 99.2% accuracy: the 2 blocks "
                "after it add less than 1 point.",
            )
        ]
        * 2,
        "Filters": [("nothing", "0.7% of filters never fire, most of them in 1.2 (6.0%).")] * 2,
    }


def made(**metrics):
    """Returns a run with given whole-net values and values by layer, as ``probe__metric``."""
    rows = []
    run = described()
    for name, values in metrics.items():
        probe, _, metric = name.partition("__")
        for layer, value in (values if isinstance(values, dict) else {"": values}).items():
            mark = {"study": run.study, "variant": run.variant, "seed": 0, "step": STEP}
            rows.append(
                records.Record(**mark, probe=probe, layer=layer, metric=metric, value=value)
            )
    return analysis_runs.Run(run, "resnet", "var(--g0)", records.frame(records.Record, rows))


@pytest.mark.parametrize(
    ("train", "test", "state", "end"),
    [
        (0.05, 0.06, "nothing", "the net fits its train set and does about as well on new images."),
        (
            0.0,
            0.08,
            "stands out",
            "the net fits its train set, but loses 8.0 points on new images.",
        ),
        (0.2, 0.21, "stands out", "the net does not fit its own train set."),
        (
            0.2,
            0.4,
            "stands out",
            "the net does not fit its own train set, and does worse still on new images.",
        ),
    ],
)
def test_fit(train, test, state, end):
    run = made(generalisation__train_error=train, generalisation__test_error=test)
    assert words.fit(run) == words.Finding(
        state, f"Train error {train:.1%}, test error {test:.1%}: {end}"
    )


@pytest.mark.parametrize(
    ("slope", "state", "text"),
    [
        (0.01, "nothing", "keep their size"),
        (-0.9, "nothing", "shrink 7.9-fold"),
        (-1.0, "stands out", "shrink 10-fold"),
        (3.1, "stands out", "grow 1,300-fold"),
        (-38.0, "stands out", "shrink more than a million-fold"),
    ],
)
def test_gradients(slope, state, text):
    found = words.gradients(made(gradients__gradient_norm_slope_initial=slope))
    said = found.text.replace("\N{NON-BREAKING HYPHEN}", "-")
    assert (found.state, said) == (state, f"From head to stem, gradients {text} at initialisation.")


@pytest.mark.parametrize(
    ("costs", "state", "text"),
    [
        (
            [0.004, 0.0],
            "stands out",
            "costs at most 0.4 points of test error: all 2 removable blocks are redundant by",
        ),
        ([-0.01, 0.0], "stands out", "costs nothing: all 2 removable blocks are redundant by"),
        (
            [0.2, 0.3],
            "nothing",
            "costs 20.0 to 30.0 points of test error: none of 2 removable blocks are redundant by",
        ),
        (
            [0.2],
            "nothing",
            "costs 20.0 points of test error: none of 1 removable block is redundant by",
        ),
    ],
)
def test_blocks(costs, state, text):
    layers = {f"stage1/block{i:02d}": cost for i, cost in enumerate(costs, start=1)}
    found = words.blocks(made(deletion__error_increase=layers))
    assert found == words.Finding(state, f"Taking out any one block {text} this measure.")


def test_field_and_filters_at_their_ends():
    fields = {"stem/conv": 3.0, "stage1/block01/conv1": 5.0}
    none = made(field__receptive_field={**fields, "": 5.0}, field__share_past_border=0.0)
    assert words.field(none).text == (
        "No convolution lies past the border: none reads the whole image (32 px)."
    )
    single = made(
        field__receptive_field={**fields, "": 5.0},
        field__share_past_border=0.5,
        field__border_layer={"stage1/block01/conv1": 2.0},
    )
    assert words.field(single) == words.Finding(
        "stands out",
        "From 1.1 conv1 on, 1 of 2 convolutions lies past the border: it sees nothing new, as "
        "the input already covers the whole image (32 px).",
    )
    assert words.silent(made(rank__dead_share={"stage1/block01": 0.0})).text == (
        "Every filter fires for some image."
    )
    wasted = words.silent(made(rank__dead_share={"stage1/block01": 0.0, "stage1/block02": 0.3}))
    assert wasted == words.Finding(
        "stands out", "15.0% of filters never fire, most of them in 1.2 (30.0%)."
    )


def test_likeness_finds_the_longest_run():
    matrix = [
        [1, 0.95, 0.2, 0.2],
        [0.95, 1, 0.95, 0.91],
        [0.2, 0.95, 1, 0.95],
        [0.2, 0.91, 0.95, 1],
    ]
    assert words.longest_alike(matrix) == (1, 4)
    pairs = {"stage1/block01 ~ stage1/block02": 0.5}
    assert words.alike(made(cka__cka=pairs)).text == "No two blocks in a row are nearly alike."


def test_unmeasured_is_unsaid():
    empty = made()
    assert [check.find(empty) for check in analysis_checks.CHECKS] == [None] * 7
    lost = made(generalisation__train_error=math.nan, generalisation__test_error=0.5)
    assert words.fit(lost) is None


def test_runs_are_told_apart():
    first = described()
    assert analysis_runs.labels([first]) == ["resnet"]
    assert analysis_runs.labels([first, described("plain")]) == ["resnet", "plain"]
    assert analysis_runs.labels([first, described(seed=1)]) == ["resnet, seed 0", "resnet, seed 1"]
    moved = described(folder="elsewhere")
    assert analysis_runs.labels([first, moved]) == [
        "results/made/runs/resnet/seed0, step 460",
        "elsewhere, step 460",
    ]


def test_runs_of_one_name_keep_their_own_rows(tmp_path):
    runs = [described(), described(folder="elsewhere")]
    save(tmp_path, runs, [*rows_of(runs[0]), *rows_of(runs[1], wobble=0.5)])
    first, second = analysis_runs.read(tmp_path).runs
    assert len(first.table) == len(second.table) == len(rows_of(runs[0]))
    assert first.whole("isometry", "isometry_distance") == 0.25
    assert second.whole("isometry", "isometry_distance") == 0.75


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("stem/conv", "stem"),
        ("stage1/block02/conv1", "1.2 conv1"),
        ("stage2/block10", "2.10"),
        ("stage1/block02/shortcut/conv", "1.2 shortcut conv"),
        ("head/dense", "head"),
    ],
)
def test_short_names(path, name):
    assert analysis_runs.short(path) == name


def test_blocks_stand_in_the_order_of_the_net():
    paths = ["stage10/block01", "stage2/block10", "stage2/block02", "stage1/block01"]
    assert analysis_runs.in_order(paths) == paths[::-1]


def test_page_is_one_small_file_that_fetches_nothing(two):
    text = write(two)
    page = Page(text)
    assert len(text.encode()) < 2_000_000
    assert page.fetched == []
    assert page.links == [store.ANALYSIS]
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
    for told in (
        "Test error is 2.1% with all blocks in place, 52.1% with 4 blocks taken out and 12.1% "
        "with 1 pair swapped.",
        "memorisation does not apply: no train label is wrong; set data.label_noise.",
        "Block 1.1 uses 100.0% of its directions, block 3.3 60.0%.",
        "python scripts/analyze.py --run=x",
        "18.0 s",
    ):
        assert told in page.text


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
    assert "have a CKA of 0.90 on average, and the least at 1.1: 0.90." in page.text
    assert "memorisation does not apply to resnet and plain: no train label" in page.text
    assert "deletion does not apply to plain: no block has an identity shortcut" in page.text
    gradients = charts(text)[0]
    lines = {
        row["line"] for rows in gradients["datasets"].values() for row in rows if "line" in row
    }
    assert lines == {
        f"{name} at {when}"
        for name in ("resnet", "plain")
        for when in ("initialisation", "step 460")
    }


def test_nets_of_different_depth_get_a_chart_each(tmp_path, bare):
    run, deeper = described(), described("resnet_deep", 5)
    save(tmp_path, [run, deeper], [*rows_of(run), *rows_of(deeper, 5)])
    found = titles(write(tmp_path))
    assert "Gradient of each layer’s weights: resnet" in found
    assert "Gradient of each layer’s weights: resnet_deep" in found


def test_a_plain_net_has_no_deletion(tmp_path, bare):
    run = described("plain")
    text = write(save(tmp_path, [run], rows_of(run, residual=False)))
    assert "Without single blocks" not in text
    assert "Does not apply: no block has an identity shortcut" in Page(text).text


def test_sections_vanish_with_their_probe(tmp_path, bare):
    run = described()
    text = write(save(tmp_path, [run], rows_of(run, probes=["field"]), probes=["field"]))
    headings = re.findall(r"<h2>(.*?)</h2>", text)
    assert headings == ["What stands out", "Receptive field", "What was run"]
    assert titles(text) == ["Receptive field in pixels"]
    only = write(save(tmp_path, [run], rows_of(run, probes=["sharpness"]), probes=["sharpness"]))
    assert re.findall(r"<h2>(.*?)</h2>", only) == ["The net as a whole", "What was run"]


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


def test_maps_of_very_many_layers_are_thinned():
    names = [f"stage1/block{i:03d}" for i in range(200)]
    panel = analysis_charts.heat("map", names, names, lambda a, b: float(a == b))
    assert len(panel.values) == 50 * 50
    assert sum(row["v"] for row in panel.values) == 50


def test_charts_are_valid_and_draw_their_marks(two):
    analysis = analysis_runs.read(two)
    panels = [
        *analysis_sections.gradient_panels(analysis),
        *analysis_sections.likeness_panels(analysis),
        *analysis_sections.layer_panels(analysis),
        *analysis_sections.field_panels(analysis),
        *analysis_deletion.block_panels(analysis.runs),
        *analysis_deletion.several_panels(analysis.runs),
    ]
    for panel in panels:
        spec = json.loads(palette.resolve(json.dumps(panel.spec("container"))))
        svg = vl_convert.vegalite_to_svg({**spec, "width": 400})
        assert svg.count("aria-roledescription") > 10
        assert "NaN" not in svg
        assert "undefined" not in svg


def test_numbers(two):
    analysis = analysis_runs.read(two)
    titles = [column.title for column in analysis_numbers.columns(analysis)]
    assert titles == [
        "resnet at initialisation",
        "resnet at step 460",
        "plain at initialisation",
        "plain at step 460",
    ]
    found = {
        number.name: number.cells
        for _, rows in analysis_numbers.groups(analysis)
        for number in rows
    }
    assert found["Train error"] == ("–", "0.0%", "–", "61.0%")
    assert found["Gap"] == ("–", "+2.1 points", "–", "+2.2 points")
    assert found["Distance from isometry"] == ("0.250",) * 4
    assert found["Hessian eigenvalue 1"] == ("–", "12,346", "–", "12,346")
    assert "Memorised" not in found


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


def test_a_folder_without_an_analysis_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"holds no analysis: analysis\.json is missing"):
        report.write_analysis(tmp_path)
    run = described()
    save(tmp_path, [run], rows_of(run))
    (tmp_path / store.ANALYSIS).unlink()
    with pytest.raises(InputError, match=r"analysis\.csv is missing"):
        report.write_analysis(tmp_path)
    assert not (tmp_path / store.ANALYSIS_PAGE).exists()
