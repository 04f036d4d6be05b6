"""Imports a user's Flax class and makes a module of it."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
from typing import Any

from flax import linen as nn

from depthstudy.arch import ModuleSpec
from depthstudy.errors import InputError, did_you_mean
from depthstudy.nets.user_module.blame import blamed, place_of

_FLAX = {"parent", "name"}  # fields that every module has
_OURS = {"num_classes", "dtype"}  # fields that are not options


def load_class(module: str) -> type[nn.Module]:
    """Returns the class at ``"package.module:Class"``.

    Raises:
      InputError: It cannot be imported, or is no Flax module that is called with ``train``.
    """
    path, _, name = module.partition(":")
    with blamed(module):
        try:
            package = importlib.import_module(path)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{path}.".startswith(f"{error.name}."):
                raise  # the user's module imports what is not there
            raise InputError(f"{module}: no module {error.name!r} on Python's path") from error
    user_class = getattr(package, name, None)
    if user_class is None:
        classes = [key for key, value in vars(package).items() if _is_module(value)]
        raise InputError(
            f"{module}: no class {name!r} in {package.__file__}{did_you_mean(name, classes)} "
            f"allowed: {', '.join(classes) or 'none'}"
        )
    if not _is_module(user_class):
        raise InputError(f"{module}: not a flax.linen.Module ({package.__file__})")
    _check_call(module, user_class)
    return user_class


def make_module(spec: ModuleSpec, dtype: Any) -> nn.Module:
    """Returns the module of a value; ``dtype`` is passed on where the class has such a field.

    Raises:
      InputError: The class cannot be had, or takes other options.
    """
    user_class = load_class(spec.module)
    fields = {field.name: field for field in dataclasses.fields(user_class) if field.init}
    if "num_classes" not in fields:
        raise InputError(f"{spec.module} has no field num_classes ({place_of(user_class)})")
    allowed = [name for name in fields if name not in _FLAX | _OURS]
    options = dict(spec.options)
    for name in options:
        if name not in allowed:
            raise InputError(
                f"{spec.module} takes no option {name!r}{did_you_mean(name, allowed)} "
                f"allowed: {', '.join(allowed) or 'none'} ({place_of(user_class)})"
            )
    for name in allowed:
        if name not in options and _is_required(fields[name]):
            raise InputError(
                f"{spec.module} needs the option {name!r}: set config.model.options.{name}"
            )
    given = options | ({"dtype": dtype} if "dtype" in fields else {})
    with blamed(spec.module, user_class):
        return user_class(num_classes=spec.num_classes, **given)


def takes_dtype(module: nn.Module) -> bool:
    """Returns whether a module is told the type of its compute."""
    return any(field.name == "dtype" for field in dataclasses.fields(module))


def _is_module(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, nn.Module)


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is field.default_factory is dataclasses.MISSING


def _check_call(module: str, user_class: type[nn.Module]) -> None:
    with blamed(module, user_class):
        parameters = inspect.signature(user_class.__call__).parameters.values()
    if not any(p.name == "train" or p.kind is p.VAR_KEYWORD for p in parameters):
        raise InputError(
            f"{module}: it is called as module(images, train=...), but its __call__ takes no "
            f"'train' ({place_of(user_class)})"
        )
