"""Settings: their defaults, and one clear line for what is wrong."""

from __future__ import annotations

import configparser
import dataclasses
import importlib.resources
from pathlib import Path

import pytest

from depthstudy import config
from depthstudy.config import StudyConfig, Value
from depthstudy.errors import InputError


def test_the_defaults_survive_the_config_dict() -> None:
    assert config.parse(config.defaults()) == StudyConfig()


def test_a_placeholder_takes_a_value_of_its_type() -> None:
    settings = config.defaults()
    settings.train.steps = 7
    settings.data.stream = False
    assert config.parse(settings).train.steps == 7
    with pytest.raises(TypeError):
        settings.data.train_examples = "many"


def test_apply_and_get() -> None:
    settings = config.apply(StudyConfig(), (("model.depth", 56), ("train.learning_rate", 1)))
    assert config.get(settings, "model.depth") == 56
    assert config.get(settings, "train.learning_rate") == 1.0
    assert settings.data == StudyConfig().data


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
            "variants",
            (("a", (("model.options", {"depth": 3}),)),),
            r"config.variants\[0\].* got `object`; name each field, as model.options.depth",
        ),
        (
            "treatments",
            ({"name": "a", "mechanism": "luck", "settings": ()},),
            r"config.treatments\[0\].mechanism: invalid enum value 'luck'",
        ),
        (
            "treatments",
            ({"name": "a", "mechanism": "optim", "settings": ()},),
            r"'optim'; did you mean 'optimization'\? allowed: optimization, overfitting, .*recipe",
        ),
        (
            "hypotheses",
            ({"name": "a", "statement": "", "metric": "gap", "relation": "bigger"},),
            r"'bigger'; did you mean 'greater'\? allowed: greater, less, .*does_not_rise",
        ),
        ("train.optimizer", "", r"\(it is ''\); allowed: sgd, adamw"),
        ("train.precision", "half", r"\(it is 'half'\); allowed: auto, float32, bfloat16"),
        ("hypotheses", ({"name": "a"},), r"config.hypotheses\[0\]: object missing required field"),
        (
            "hypotheses",
            ({"name": "a", "statement": "", "metric": "gap", "relation": "rises", "margn": 0.1},),
            r"config.hypotheses\[0\] has no field 'margn'; did you mean 'margin'\?",
        ),
        (
            "treatments",
            ({"name": "a", "mechanism": "recipe", "settings": (), "wher": ()},),
            r"config.treatments\[0\] has no field 'wher'; did you mean 'where'\?",
        ),
        ("hypotheses", (None,), r"config.hypotheses\[0\]: expected `object`, got `null`"),
    ],
)
def test_refusals(field: str, value: Value, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        config.apply(StudyConfig(), ((field, value),))
    assert "\n" not in str(caught.value)


def test_unknown_keys_of_a_nested_dict_are_refused() -> None:
    with pytest.raises(InputError, match=r"config.train has no field 'lr'"):
        config.parse({"train": {"lr": 0.1}})


def test_options_of_a_module_are_free_fields() -> None:
    raw = config.defaults()
    raw.model.module = "package.module:Net"
    raw.model.options.depth = 20
    raw.model.options.widths = [8, 16]
    settings = config.parse(raw)
    assert dict(settings.model.options) == {"depth": 20, "widths": (8, 16)}
    changed = config.apply(settings, (("model.options.depth", 8),))
    assert config.get(changed, "model.options.depth") == 8
    assert config.get(settings, "model.options.depth") == 20
    assert config.get(settings, "model.options.absent") is None
    assert config.takes_none("model.options.depth")


def test_options_of_a_module_are_plain_values() -> None:
    raw = config.defaults()
    raw.model.options.blocks = {"first": 1}
    with pytest.raises(InputError, match=r"config.model.options.*got `object`"):
        config.parse(raw)
    with pytest.raises(
        InputError, match=r"config.model.options.a.b: model.options.a has no fields"
    ):
        config.apply(StudyConfig(), (("model.options.a.b", 1),))


def test_no_option_of_a_net_has_a_value_of_its_own() -> None:
    """Families begin with different ones."""
    model = config.StudyConfig().model
    assert {field.name: getattr(model, field.name) for field in dataclasses.fields(model)} == {
        **{field.name: None for field in dataclasses.fields(model)},
        "options": {},
    }


def test_types_are_there_for_those_who_import_it() -> None:
    assert (importlib.resources.files("depthstudy") / "py.typed").is_file()
    setup = configparser.ConfigParser()
    setup.read(Path(__file__).parents[1] / "setup.cfg")
    assert "py.typed" in setup["options.package_data"]["depthstudy"].split(", ")


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
    for settings in (config.parse(raw), config.apply(StudyConfig(), tuple(raw.items()))):
        assert settings.probes == ("generalization", "memorization", "field")
        assert [row.metric for row in settings.hypotheses] == [
            "generalization.gap",
            "deletion.redundant_block_fraction",
            "test_error",
        ]
        assert [row.mechanism for row in settings.treatments] == ["optimization"]


@pytest.mark.parametrize("name", config.FORMER_NAMES)
def test_no_former_name_is_a_present_one(name: str) -> None:
    assert config.present_name(name) not in config.FORMER_NAMES
