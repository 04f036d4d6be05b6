"""What follows from a variant: trials of settings, and trainings that are longer."""

from __future__ import annotations

import pytest

from depthstudy.config import Settings, StudyConfig, Value, apply
from depthstudy.errors import InputError
from depthstudy.plan import Variant, plan, prepare
from depthstudy.plan.follow_up import follow, longer, own_settings, trial

SHORT = (("model.depth", 8), ("train.warmup_steps", 20))


def variant(*settings: tuple[str, Value]) -> Variant:
    (only,) = plan(apply(StudyConfig(), (*SHORT, *settings)))
    return only


def tried(base: Variant, settings: Settings, share: float) -> tuple[int, int, int]:
    """Returns the steps, those of the warm-up and the batch size of a trial."""
    trained = follow(base, trial(base, settings, share))
    return trained.info.steps, trained.train.warmup_steps, trained.train.batch_size


def test_a_trial_warms_up_as_the_setting_says_that_is_tried() -> None:
    base = variant(("train.steps", 100))
    warm_ups = [(("train.warmup_steps", steps),) for steps in (0, 20, 60)]
    assert [tried(base, settings, 1.0)[1] for settings in warm_ups] == [0, 20, 60]
    assert [tried(base, settings, 0.5)[1] for settings in warm_ups] == [0, 10, 30]


def test_a_trial_of_a_rate_is_as_long_as_its_share_of_the_training() -> None:
    base = variant(("train.steps", 100))
    follow_up = trial(base, (("train.learning_rate", 0.03),), 0.25)
    assert follow_up.name == "resnet_depth8_learning_rate0.03_25steps"
    assert follow_up.settings == (
        ("train.learning_rate", 0.03),
        ("train.steps", 25),
        ("train.warmup_steps", 5),
        ("train.evaluations", 1),
        ("train.keep_checkpoints", 1),
    )


def test_a_name_is_a_folders_however_many_fields_are_tuned() -> None:
    base = plan(StudyConfig(variants=(("é" * 95, SHORT),)))[0]
    rates = [
        (("train.learning_rate", rate), ("train.batch_size", 64), ("train.weight_decay", 1e-4))
        for rate in (0.03, 0.1)
    ]
    made = [
        follow_up
        for settings in rates
        for follow_up in (
            own_settings(base, settings),
            longer(base, 4, settings),
            trial(base, settings, 0.5),
        )
    ]
    names = {follow_up.name for follow_up in made}
    assert len(names) == len(made)
    assert all(len(name.encode()) <= 200 for name in names)
    assert all(name.startswith("é" * 90) for name in names)


@pytest.mark.parametrize("batch_size", [16, 64, 100])
@pytest.mark.parametrize("length", [("train.epochs", 3), ("train.steps", 200)])
def test_a_trial_sees_as_many_images_as_the_training_with_its_settings(
    batch_size: int, length: tuple[str, int]
) -> None:
    base, settings = variant(length), (("train.batch_size", batch_size),)
    training = follow(base, own_settings(base, settings))
    assert tried(base, settings, 1.0) == (training.info.steps, 20, batch_size)
    half = round(0.5 * training.info.steps)
    assert tried(base, settings, 0.5) == (half, round(20 * half / training.info.steps), batch_size)
    doubled = follow(base, longer(base, 2, settings))
    assert doubled.info.steps == 2 * training.info.steps


@pytest.mark.parametrize(
    "field",
    [
        "train.steps",
        "train.epochs",
        "train.least_steps",
        "train.evaluations",
        "train.keep_checkpoints",
    ],
)
def test_what_trials_set_themselves_is_not_tuned(field: str) -> None:
    message = f"config.tune: {field} is not tuned, as a trial takes .* allowed: .* but train.epochs"
    with pytest.raises(InputError, match=message) as caught:
        prepare(apply(StudyConfig(), (("tune", ((field, (1, 2)),)),)))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ((("momentum", (0.8, 0.9)), ("momentum", (0.7,))), "tune names train.momentum twice"),
        ((("learning_rate", (0.1, 0.10)),), "tune gives train.learning_rate a value twice"),
        ((("learning_rate", (1, 1.0)),), "tune gives train.learning_rate a value twice"),
        ((("learning_rate", ()),), "tune gives train.learning_rate no values"),
    ],
)
def test_a_grid_has_each_field_and_value_once(
    grid: tuple[tuple[str, tuple[Value, ...]], ...], message: str
) -> None:
    tune = tuple((f"train.{field}", values) for field, values in grid)
    with pytest.raises(InputError, match=message):
        prepare(apply(StudyConfig(), (("tune", tune),)))
