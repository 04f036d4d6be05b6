"""Made-up records of a run while it trains."""

from __future__ import annotations

import math

import numpy as np

from depthstudy import records


def curves(study: str, name: str, seed: int, train: float, test: float) -> list[records.Record]:
    draw = np.random.default_rng(sum(map(ord, name)) + seed)
    base = {"study": study, "variant": name, "seed": seed, "layer": ""}
    floor = max(0.002, 2.3 * train)
    rate = 60 + 400 * train
    rows = []
    for step in range(10, 461, 10):
        loss = floor + (2.35 - floor) * math.exp(-step / rate)
        loss *= math.exp(draw.normal(0, 0.12))
        rows.append(records.Record(**base, step=step, probe="training", metric="loss", value=loss))
    for step in range(46, 461, 46):
        left = 0.0 if step == 460 else math.exp(-3.5 * step / 460)
        pairs = {"train_error": train, "test_error": test}
        for metric, end in pairs.items():
            value = end + (0.9 - end) * left
            rows.append(
                records.Record(**base, step=step, probe="evaluation", metric=metric, value=value)
            )
    return rows


def diverge(
    rows: list[records.Record], study: str, name: str, *, seed: int, step: int
) -> list[records.Record]:
    """Ends the loss of a run at a step, and says so in a record."""
    kept = [
        row
        for row in rows
        if (row.variant, row.seed, row.probe) != (name, seed, "training") or row.step < step
    ]
    mark = {"study": study, "variant": name, "seed": seed, "step": step, "layer": ""}
    metric = {"probe": "run", "metric": "diverged_at_step", "value": step}
    return [*kept, records.Record(**mark, **metric)]
