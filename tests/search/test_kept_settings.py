"""A journal goes on with the settings that it was begun with, and with more trials."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from depthstudy.config import StudyConfig, apply
from depthstudy.errors import InputError
from depthstudy.search.campaign import kept_settings

STUDY = apply(StudyConfig(), (("search.trials", 4), ("search.stages", 2), ("search.macs", 900)))
TUNED = (("tune", (("train.learning_rate", (0.01, 0.1)),)),)


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    path = tmp_path / "search" / "journal.log"
    kept_settings.keep(STUDY, path)
    path.touch()
    return path


@pytest.mark.parametrize(
    ("settings", "change"),
    [
        ((("search.macs", 300),), r"search.macs \(900, now 300\)"),
        ((("search.stages", 1),), r"search.stages \(2, now 1\)"),
        ((("search.counts", (1, 2)),), r"search.counts \(\[1, 2, .*, now \[1, 2\]\)"),
        ((("search.objective", "none"),), r"search.objective \('macs', now 'none'\)"),
        ((("search.seed", 1),), r"search.seed \(0, now 1\)"),
        ((("train.learning_rate", 0.5),), r"train.learning_rate \(.*, now 0.5\)"),
        (TUNED, r"tune \(\[\], now "),
    ],
)
def test_other_settings_are_refused(settings: Any, change: str, journal: Path) -> None:
    with pytest.raises(InputError, match=f"holds a search with other settings: {change}") as error:
        kept_settings.keep(apply(STUDY, settings), journal)
    assert str(error.value).endswith("take another --workdir, or remove that folder")
    kept_settings.keep(STUDY, journal)


@pytest.mark.parametrize(
    "settings",
    [
        (("search.trials", 8),),
        (("search.repeats", 5),),
        (("search.strata", ((1, 20), (21, 40))),),
        (("search.families", ("resnet",)),),
        (("seeds", 20),),
        (("data.data_dir", "elsewhere"), ("train.rematerialize", True)),
    ],
)
def test_a_search_may_grow_and_move(settings: Any, journal: Path) -> None:
    kept_settings.keep(apply(STUDY, settings), journal)


def test_strata_that_are_tuned_alike_stay_the_same(tmp_path: Path) -> None:
    path, tuned = tmp_path / "journal.log", apply(STUDY, TUNED)
    kept_settings.keep(tuned, path)
    path.touch()
    with pytest.raises(InputError, match=r"search.families \(\[\], now \['resnet'\]\)"):
        kept_settings.keep(apply(tuned, (("search.families", ("resnet",)),)), path)


def test_a_journal_of_an_earlier_version_is_taken_as_it_is(tmp_path: Path) -> None:
    path, smaller = tmp_path / "journal.log", apply(STUDY, (("search.macs", 300),))
    path.touch()
    kept_settings.keep(STUDY, path)
    with pytest.raises(InputError, match=r"search.macs"):
        kept_settings.keep(smaller, path)
    path.unlink()  # there is nothing that the other settings would spoil
    kept_settings.keep(smaller, path)
