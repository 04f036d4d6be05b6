"""Each kind of work of the bench, as we do it."""

from __future__ import annotations

from depthstudy.bench.benchmarks import Work
from depthstudy.bench.jax_side import inputs, processes, steps
from depthstudy.bench.jax_side.run import Run, timed


def prepare(work: Work) -> Run:
    """Returns the work, ready to be timed: built, and compiled unless that is the work."""
    match work.kind:
        case "train":
            return steps.taking_steps(steps.compiled(work), work.seeds)
        case "evaluate":
            return steps.evaluate(work)
        case "epoch":
            return steps.epoch(work)
        case "compile":
            return timed(lambda: steps.compiled(work))
        case "input":
            return inputs.drawn(work)
        case "decode":
            return inputs.decoded(work)
        case "checkpoint":
            return steps.checkpoint(work)
        case "probe":
            return steps.probe(work)
        case "study":
            return processes.study()
        case "import":
            return processes.process("-c", "import depthstudy.report, depthstudy.study")
        case "help":
            return processes.process("-m", "depthstudy", "run", "--help")
