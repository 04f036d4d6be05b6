"""From ``config.model`` to the value of a net, its options checked against what builds it."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import Mapping
from typing import Any

import msgspec

from depthstudy import arch
from depthstudy.arch.transforms.training_aids import with_training_aids
from depthstudy.config import ModelConfig, Value
from depthstudy.errors import InputError

FAMILY = "resnet"  # where neither a family nor a module is given

# Options that a study begins with, of families that cannot be built, or not for small images,
# without.
STARTING_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "detector": {"backbone": "resnet"},
    "convnext": {"variant": "atto", "layout": "small"},  # of patches a small image has too few
    "densenet": {"depth": 40, "layout": "cifar"},
    "plain": {"depth": 20, "layout": "cifar"},
    "preact_resnet": {"depth": 20, "layout": "cifar"},
    "resnet": {"depth": 20, "layout": "cifar"},
    "resnet_d": {"depth": 20, "layout": "cifar"},
    "resnext": {"depth": 50, "layout": "small"},
    "se_resnet": {"depth": 20, "layout": "cifar"},
    "vgg": {"depth": 11, "layout": "small"},
    "wide_resnet": {"depth": 16, "layout": "cifar"},
}


def resolve(model: ModelConfig) -> ModelConfig:
    """Returns a model with its family, and what a study begins with, filled in.

    >>> resolve(ModelConfig(depth=56)).layout
    'cifar'
    >>> resolve(ModelConfig(family="mobilenet_v2")).depth is None
    True

    Raises:
      InputError: There is no such family, an option is of another type than its builder takes, a
        module has a depth below 1 or options of families, or a family has those of modules.
    """
    given = _given(model)
    options = {name: value for name, value in model.options.items() if value is not None}
    if model.module is not None:
        if model.family is not None or given:
            names = ", ".join(["family"] * (model.family is not None) + list(given))
            raise InputError(
                f"config.model.module={model.module!r} goes without config.model.{names}: options "
                "of a module are config.model.options.NAME"
            )
        depth = options.get("depth")
        if isinstance(depth, int) and depth < 1:
            raise InputError(
                f"config.model.options.depth={depth} is taken for how deep the net is, and has to "
                "be at least 1"
            )
        return dataclasses.replace(model, options=options)
    if options:
        raise InputError(
            f"config.model.options ({', '.join(options)}) are those of config.model.module, "
            "and there is none; options of a family are config.model.NAME"
        )
    family = model.family or FAMILY
    filled: dict[str, Any] = {**_starting_options(family, model), **_converted(family, given)}
    return dataclasses.replace(model, family=family, options={}, **filled)


def _starting_options(family: str, model: ModelConfig) -> Mapping[str, Any]:
    """Returns what a study begins with; of a detector, its backbone's options too."""
    options = STARTING_OPTIONS.get(family, {})
    if "backbone" not in options:
        return options
    backbone = model.backbone or options["backbone"]
    return {**STARTING_OPTIONS.get(backbone, {}), **options, "backbone": backbone}


def build_net(model: ModelConfig, num_classes: int) -> arch.Spec:
    """Returns the value of the net that a config asks for, with so many logits.

    >>> build_net(ModelConfig(depth=8), num_classes=10).stem.filters
    16

    Raises:
      InputError: As ``resolve``, or the family does not take an option, or the architecture is
        impossible.
    """
    model = resolve(model)
    if model.module is not None:
        return arch.ModuleSpec(
            module=model.module, options=tuple(model.options.items()), num_classes=num_classes
        )
    return arch.build(str(model.family), num_classes=num_classes, **_given(model))


def kind(model: ModelConfig) -> str:
    """Returns the name of a model's family, or of its class."""
    return model.module.rpartition(":")[2] if model.module else model.family or FAMILY


def options_used(model: ModelConfig) -> dict[str, Value]:
    """Returns the dotted fields that make a net, and their values, a family's defaults included.

    Fields that the family does not take are left out: earlier versions wrote ``depth=20`` and
    ``layout="cifar"`` for every family, and the factor of all channels as ``width``.
    """
    if model.module is not None:
        options = {f"model.options.{name}": value for name, value in model.options.items()}
        return {"model.module": model.module, **options}
    family, given = model.family or FAMILY, _given(model)
    parameters = _parameters(family) if family in arch.families() else dict[str, Any]()
    if "width" in given and "width" not in parameters and "width_multiplier" in parameters:
        given["width_multiplier"] = given.pop("width")
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    defaults = {n: p.default for n, p in parameters.items() if p.default is not p.empty}
    taken = {n: value for n, value in given.items() if takes_any or n in parameters}
    used = {"family": family, **defaults, **taken}
    return {f"model.{name}": value for name, value in used.items()}


def _given(model: ModelConfig) -> dict[str, Any]:
    """Returns the options of families that are given."""
    others = ("family", "module", "options")
    fields = {name: x for name, x in dataclasses.asdict(model).items() if name not in others}
    return {name: value for name, value in fields.items() if value is not None}


def _parameters(family: str) -> dict[str, inspect.Parameter]:
    """Returns the options of a family by name, with those that every family takes."""
    aids = dict(inspect.signature(with_training_aids).parameters)
    del aids["spec"]
    options = dict(inspect.signature(arch.families()[family]).parameters)
    options.pop("num_classes", None)
    return options | aids


def _converted(family: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Returns options in the types of the builder; ``arch.build`` says which names it takes."""
    if family not in arch.families():
        arch.build(family)  # says which there are
    hints = {
        **typing.get_type_hints(with_training_aids),
        **typing.get_type_hints(arch.families()[family]),
    }
    options = {}
    for name, value in given.items():
        hint = hints.get(name, Any)
        if isinstance(value, str) and _literals(hint):
            hint = Any  # ``arch.build`` says which words there are
        try:
            options[name] = msgspec.convert(value, hint)
        except msgspec.ValidationError as error:
            text = str(error)
            raise InputError(
                f"family {family!r}, config.model.{name}: {text[0].lower()}{text[1:]} "
                f"(it is {value!r})"
            ) from error
    return options


def _literals(hint: Any) -> bool:
    kinds = (hint, *typing.get_args(hint))
    return any(typing.get_origin(kind) is typing.Literal for kind in kinds)
