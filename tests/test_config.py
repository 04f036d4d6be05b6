"""Settings: their defaults, and one clear line for what is wrong."""

from __future__ import annotations

import pytest

from depthstudy import config
from depthstudy.config import StudyConfig, Value
from depthstudy.errors import InputError


def test_the_defaults_survive_the_config_dict() -> None:
    assert config.parse(config.defaults()) == StudyConfig()


def test_a_placeholder_takes_a_value_of_its_type() -> None:
    found = config.defaults()
    found.train.steps = 7
    found.data.stream = False
    assert config.parse(found).train.steps == 7
    with pytest.raises(TypeError):
        found.data.train_examples = "many"


def test_apply_and_get() -> None:
    found = config.apply(StudyConfig(), (("model.depth", 56), ("train.learning_rate", 1)))
    assert config.get(found, "model.depth") == 56
    assert config.get(found, "train.learning_rate") == 1.0
    assert found.data == StudyConfig().data


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("model.depht", 8, r"config.model has no field 'depht'; did you mean 'depth'\? allowed: "),
        ("modl.depth", 8, r"config has no field 'modl'; did you mean 'model'\?"),
        ("model", 8, "config.model is a group of fields"),
        ("model.depth.x", 8, "model.depth has no fields"),
        ("model.depth", 0, r"config.model.depth: expected `int` >= 1 \(it is 0\)"),
        ("model.depth", "a", r"expected `int \| null`, got `str` \(it is 'a'\)"),
        ("train.optimizer", "adam", "allowed: sgd, adamw"),
        ("data.label_noise", 1.5, "expected `float` <= 1.0"),
        ("data.crop_area", 0, "expected `float` > 0"),
        ("sweep", ("model.depth",), r"config.sweep\[0\]: expected `array`, got `str`"),
        (
            "treatments",
            ({"name": "a", "mechanism": "luck", "settings": ()},),
            r"config.treatments\[0\].mechanism: invalid enum value 'luck'",
        ),
        ("hypotheses", ({"name": "a"},), r"config.hypotheses\[0\]: object missing required field"),
    ],
)
def test_refusals(field: str, value: Value, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        config.apply(StudyConfig(), ((field, value),))
    assert "\n" not in str(caught.value)


def test_unknown_keys_of_a_nested_dict_are_refused() -> None:
    with pytest.raises(InputError, match=r"config.train has no field 'lr'"):
        config.parse({"train": {"lr": 0.1}})


def test_names_of_earlier_versions_are_read() -> None:
    raw = {
        "probes": ("generalisation", "memorisation", "field"),
        "hypotheses": (
            {"name": "a", "statement": "b", "metric": "generalisation.gap", "relation": "rises"},
            {"name": "b", "statement": "b", "metric": "deletion.free_share", "relation": "rises"},
            {"name": "c", "statement": "b", "metric": "test_error", "relation": "rises"},
        ),
        "treatments": ({"name": "x", "mechanism": "optimisation", "settings": ()},),
    }
    for found in (config.parse(raw), config.apply(StudyConfig(), tuple(raw.items()))):
        assert found.probes == ("generalization", "memorization", "field")
        assert [row.metric for row in found.hypotheses] == [
            "generalization.gap",
            "deletion.redundant_block_fraction",
            "test_error",
        ]
        assert [row.mechanism for row in found.treatments] == ["optimization"]


@pytest.mark.parametrize("name", config.FORMER_NAMES)
def test_no_former_name_is_a_present_one(name: str) -> None:
    assert config.present_name(name) not in config.FORMER_NAMES
