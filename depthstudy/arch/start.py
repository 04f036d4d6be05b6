"""How a net starts: an option that ``build`` offers for every family."""

from __future__ import annotations

import dataclasses
import math

from depthstudy.arch.layers import sections
from depthstudy.arch.spec import ArchSpec, InitKind
from depthstudy.arch.vocabulary import Conv
from depthstudy.errors import InputError


def with_start(spec: ArchSpec, *, init: InitKind = "he", init_scale: float = 1.0) -> ArchSpec:
    """Returns the value with another start.

    Args:
      spec: Any architecture.
      init: As in ``ArchSpec``.
      init_scale: As in ``ArchSpec``.

    Raises:
      InputError: The scale is not above 0, or a net cannot look linear: it has shortcuts, groups,
        hidden dense layers or an odd number of filters.
    """
    if not (math.isfinite(init_scale) and init_scale > 0):
        raise InputError(f"init_scale must be above 0, it is {init_scale}")
    if init == "looks_linear":
        _check_halves(spec)
    return dataclasses.replace(spec, init=init, init_scale=float(init_scale))


def _check_halves(spec: ArchSpec) -> None:
    """Refuses nets whose channels are no mirrored halves, with which a net looks linear."""
    found = sections(spec)
    convs = [x for section in found for x in (*section.before, *section.branch) if type(x) is Conv]
    problems = {
        "no shortcuts": any(section.shortcut is not None for section in found),
        "no groups": any(conv.groups > 1 for conv in convs),
        "an even number of filters": any(conv.filters % 2 for conv in convs),
        "no hidden dense layers": bool(spec.head.hidden),
    }
    for needed, missing in problems.items():
        if missing:
            raise InputError(f"init 'looks_linear' needs {needed}, not as in {spec.family}")
