"""Counts the convolutions and matrix products of a traced function: a jaxpr is read, nothing runs.

Depth follows the data: an output is one product deeper than the deepest of what the product reads.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Any

from jax.extend import core

_MARK = "depthstudy:"  # begins the names of marked values


@dataclasses.dataclass
class Products:
    """What was counted so far.

    Attributes:
      macs: Multiply-accumulates, padding included.
      outputs: Numbers that products give out.
      dtypes: Types of what they read.
      depths: Products on the longest path to each marked value.
    """

    macs: int = 0
    outputs: int = 0
    dtypes: set[Any] = dataclasses.field(default_factory=set)
    depths: dict[str, int] = dataclasses.field(default_factory=dict)

    def merge(self, other: Products) -> None:
        """Adds what was counted elsewhere."""
        self.macs += other.macs
        self.outputs += other.outputs
        self.dtypes |= other.dtypes
        self.depths |= other.depths


def mark(path: str) -> str:
    """Returns the name for ``jax.ad_checkpoint.checkpoint_name`` that makes a value be marked."""
    return _MARK + path


def count(jaxpr: core.ClosedJaxpr) -> tuple[Products, int]:
    """Returns the products of a jaxpr, and how deep the deepest of its outputs is."""
    products = Products()
    depths = _walk(jaxpr.jaxpr, [0] * len(jaxpr.jaxpr.invars), products)
    return products, max(depths, default=0)


def _walk(jaxpr: core.Jaxpr, depths: Sequence[int], products: Products) -> list[int]:
    """Returns the depths of the outputs, given those of the inputs."""
    known: dict[Any, int] = dict(zip(jaxpr.invars, depths, strict=True))

    def depth_of(variable: Any) -> int:
        return 0 if isinstance(variable, core.Literal) else known.get(variable, 0)

    for equation in jaxpr.eqns:
        inputs = [depth_of(variable) for variable in equation.invars]
        known |= zip(equation.outvars, _step(equation, inputs, products), strict=True)
    return [depth_of(variable) for variable in jaxpr.outvars]


def _step(equation: Any, inputs: list[int], products: Products) -> Iterable[int]:
    """Returns the depths of what one equation gives out."""
    deepest = max(inputs, default=0)
    match equation.primitive.name:
        case "conv_general_dilated":
            kernel = equation.invars[1].aval.shape
            filters = kernel[equation.params["dimension_numbers"].rhs_spec[0]]
            return _product(equation, math.prod(kernel) // filters, deepest, products)
        case "dot_general":
            (contracted, _), _ = equation.params["dimension_numbers"]
            shape = equation.invars[0].aval.shape
            return _product(equation, math.prod(shape[i] for i in contracted), deepest, products)
        case "name":
            name = equation.params["name"]
            if name.startswith(_MARK):
                products.depths[name.removeprefix(_MARK)] = deepest
        case "scan":
            return _scan(equation.params, inputs, products)
        case "cond":
            return _dearest(equation.params["branches"], inputs[1:], products)
        case _:
            for inner in _inner(equation.params):
                fits = len(inner.invars) == len(inputs)
                given = inputs if fits else [deepest] * len(inner.invars)
                outputs = _walk(inner, given, products)
                if len(outputs) == len(equation.outvars):
                    return outputs
                deepest = max([deepest, *outputs])
    return [deepest] * len(equation.outvars)


def _product(equation: Any, terms: int, deepest: int, products: Products) -> list[int]:
    (out,) = equation.outvars
    products.macs += terms * out.aval.size
    products.outputs += out.aval.size
    products.dtypes |= {variable.aval.dtype for variable in equation.invars}
    return [deepest + 1]


def _scan(params: Any, inputs: list[int], products: Products) -> list[int]:
    """Walks the body of a loop as often as it runs."""
    consts, carried = params["num_consts"], params["num_carry"]
    held, carry, rows = (
        inputs[:consts],
        inputs[consts : consts + carried],
        inputs[consts + carried :],
    )
    stacked: list[list[int]] = []
    for _ in range(params["length"]):
        outputs = _walk(params["jaxpr"].jaxpr, [*held, *carry, *rows], products)
        carry = outputs[:carried]
        stacked.append(outputs[carried:])
    return [*carry, *(max(depths) for depths in zip(*stacked, strict=True))]


def _dearest(branches: Any, inputs: list[int], products: Products) -> list[int]:
    """Walks the branch with the most multiply-accumulates."""
    trials = []
    for branch in branches:
        alone = Products()
        trials.append((alone, _walk(branch.jaxpr, inputs, alone)))
    dearest, outputs = max(trials, key=lambda trial: trial[0].macs)
    products.merge(dearest)
    return outputs


def _inner(params: Any) -> list[core.Jaxpr]:
    """Returns the functions that an equation calls."""
    values = itertools.chain.from_iterable(
        value if isinstance(value, tuple | list) else [value] for value in params.values()
    )
    closed = [getattr(value, "jaxpr", value) for value in values]
    return [value for value in closed if isinstance(value, core.Jaxpr)]
