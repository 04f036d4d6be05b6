"""What a report says of the settings that were tried for each net."""

from __future__ import annotations

import dataclasses
import math

import made_study
import pytest

from depthstudy import records
from depthstudy.report import tables
from depthstudy.report.sections.training import recipe

RATES = (0.01, 0.03, 0.1)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tables.Study:
    return tables.read_study(made_study.fake_study(tmp_path_factory.mktemp("study")))


def tuning(
    study: tables.Study, counts: dict[int, int], at_edge: str
) -> tuple[records.TrialRow, ...]:
    """Returns trials of the first nets, so many of each; the last is the best."""
    return tuple(
        records.TrialRow(
            variant=study.info.variants[net].name,
            trial=i + 1,
            settings=f"train.learning_rate={RATES[i]}",
            steps=study.info.variants[net].steps,
            seeds=1,
            validation_error=0.5 - 0.1 * i,
            chosen=i == count - 1,
            at_edge=at_edge if i == count - 1 else "",
        )
        for net, count in counts.items()
        for i in range(count)
    )


def caption(study: tables.Study, trials: tuple[records.TrialRow, ...]) -> str:
    section = recipe.section(dataclasses.replace(study, tuning=trials))
    assert section is not None
    return section.blocks[0].caption  # type: ignore[union-attr]


def test_a_best_value_at_an_edge_is_named(study: tables.Study) -> None:
    name = study.info.variants[0].name
    text = caption(study, tuning(study, {0: 3}, "train.learning_rate"))
    assert "All nets have as many trials." in text
    assert text.endswith(
        f"The best lies at an edge of what was tried, and may lie beyond: {name} (learning rate)."
    )
    assert "edge" not in caption(study, tuning(study, {0: 3}, ""))


def test_other_settings_than_rates_have_no_chart_and_are_told(study: tables.Study) -> None:
    rates = tuning(study, {0: 3}, "train.momentum")
    momenta = [dataclasses.replace(row, settings=f"train.momentum={row.trial}") for row in rates]
    section = recipe.section(dataclasses.replace(study, tuning=tuple(momenta)))
    assert section is not None
    text = section.blocks[0].text  # type: ignore[union-attr]
    assert text.startswith("Each net takes the settings of least error on validation data")
    assert text.endswith(f"{study.info.variants[0].name} (momentum).")


@pytest.mark.parametrize(
    ("net", "labels"),
    [(4, ["depth 8"]), (5, ["shallowest of its group", "deepest of its group"])],
)
def test_a_shade_has_a_name_where_it_means_one_depth(
    study: tables.Study, net: int, labels: list[str]
) -> None:
    trials = tuning(study, {0: 3, net: 3}, "")
    section = recipe.section(dataclasses.replace(study, tuning=trials))
    assert section is not None
    key = section.blocks[0].blocks[0]  # type: ignore[union-attr]
    assert [mark.label for mark in key.marks] == labels


def test_trials_that_the_chart_lacks_are_counted(study: tables.Study) -> None:
    first, *others = tuning(study, {0: 3}, "")
    lost = dataclasses.replace(first, validation_error=math.nan)
    assert "Not drawn, as a run diverged: 1 trial." in caption(study, (lost, *others))
    assert "Not drawn" not in caption(study, (first, *others))


def test_unequal_numbers_of_trials_are_said(study: tables.Study) -> None:
    text = caption(study, tuning(study, {0: 3, 1: 2}, ""))
    assert "Nets have 2 to 3 trials, as some grids have no value to add." in text
