"""Error that a detector gains when blocks of its backbone, or cells of its pyramid, are taken out.

Every cell but the first takes and gives features of the same shapes, so that the net without it is
one, too; the blocks are those of Veit et al. 2016. An error is one minus average precision.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np

from depthstudy import nets, tasks
from depthstudy.arch import DetectorSpec
from depthstudy.nets import surgery
from depthstudy.probes.measurement import Measurement
from depthstudy.probes.probe_input import Examples, NotApplicable, ProbeInput
from depthstudy.records import NOT_APPLICABLE


def measure(probe_input: ProbeInput, spec: DetectorSpec) -> Iterator[Measurement]:
    """Yields the test error of a detector, and what each block and each cell is worth.

    Raises:
      NotApplicable: Nothing can be taken out.
    """
    variables, network = probe_input.variables, probe_input.network
    blocks = surgery.removable(spec.backbone)
    cells = [f"cell{n:02d}" for n in range(2, spec.pyramid.cells + 1)]
    if not blocks and not cells:
        raise NotApplicable("no block has an identity shortcut, and the pyramid has a single cell")
    before = error(probe_input, network, variables)
    yield Measurement("", "error", before)
    for path in blocks:
        backbone, changed = surgery.without_blocks(spec.backbone, variables, [path])
        if not all(backbone.stages):  # which the pyramid may tap
            yield Measurement(path, f"{NOT_APPLICABLE}it is the only block of its stage", 1.0)
            continue
        left = dataclasses.replace(spec, backbone=backbone)
        without = network if left == spec else nets.build(left)
        yield Measurement(path, "error_increase", error(probe_input, without, changed) - before)
    if cells:
        shorter = dataclasses.replace(
            spec.pyramid,
            cells=spec.pyramid.cells - 1,
            residual=spec.pyramid.residual and spec.pyramid.cells > 2,
        )
        smaller = nets.build(dataclasses.replace(spec, pyramid=shorter))
    for cell in cells:
        after = error(probe_input, smaller, without_cell(variables, cell))
        yield Measurement(f"pyramid/{cell}", "error_increase", after - before)


def without_cell(variables: nets.Variables, cell: str) -> dict[str, Any]:
    """Returns the variables of a detector without one cell; those after it are renumbered."""
    return {
        name: {**tree, "pyramid": _without(tree["pyramid"], cell)}
        for name, tree in variables.items()
    }


def _without(pyramid: Any, cell: str) -> dict[str, Any]:
    cells = sorted(name for name in pyramid if name.startswith("cell"))
    others = {name: part for name, part in pyramid.items() if name not in cells}
    kept = [name for name in cells if name != cell]
    return others | {new: pyramid[old] for new, old in zip(cells, kept, strict=False)}


def error(probe_input: ProbeInput, network: nets.Net, variables: nets.Variables) -> float:
    """Returns the error of a net on the test split."""
    task, parts = probe_input.task, []
    for examples in probe_input.batches(probe_input.dataset.test):
        answers = _answers(network, task, variables, examples)
        counted = np.asarray(examples.weights) > 0
        parts.append(jax.tree.map(lambda x, counted=counted: np.asarray(x)[counted], answers))
    whole = jax.tree.map(lambda *x: np.concatenate(x), *parts)
    count = len(whole["truths"])
    _, summary = task.summarize(np.zeros(count), whole)
    return summary["error"]


@functools.partial(jax.jit, static_argnames=("network", "task"))
def _answers(
    network: nets.Net, task: tasks.LearningTask, variables: nets.Variables, examples: Examples
) -> Any:
    return dict(task.answers(network.apply(variables, examples.images), examples.labels))
