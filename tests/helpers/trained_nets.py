"""Runs of nets that were drawn, written as training writes them."""

from __future__ import annotations

from pathlib import Path

import jax
import numpy as np

from depthstudy import arch, nets
from depthstudy.data import Preprocessing
from depthstudy.store import Outcome, RunInfo, RunStore


def variables(spec: arch.ArchSpec, image_shape: tuple[int, int, int], seed: int) -> nets.Variables:
    """Returns drawn parameters, with statistics that are not those of a fresh net."""
    network = nets.build(spec)
    drawn = jax.jit(lambda key: nets.init(network, key, image_shape))(jax.random.key(seed))
    generator = np.random.default_rng(seed)

    def moved(path: tuple[jax.tree_util.DictKey, ...], x: jax.Array) -> np.ndarray:
        is_mean = path[-1].key == "mean"
        values = (
            generator.normal(0, 0.1, x.shape) if is_mean else generator.uniform(0.5, 2, x.shape)
        )
        return values.astype(np.float32)

    statistics = jax.tree_util.tree_map_with_path(moved, drawn.get("batch_stats", {}))
    return {"params": drawn["params"], "batch_stats": statistics}


def write_run(
    folder: Path,
    spec: arch.ArchSpec,
    classes: tuple[str, ...],
    image_shape: tuple[int, int, int],
    *,
    variant: str = "v",
    seed: int = 0,
    validation_error: float | None = None,
) -> Path:
    """Writes a finished run into the folder of a study, and returns its folder."""
    channels = image_shape[2]
    moments = {"mean": (0.4,) * channels, "std": (0.25,) * channels}
    info = RunInfo(
        study="s",
        variant=variant,
        seed=seed,
        arch=spec.to_json(),
        config={"data": {"name": "no_such_set"}},
        dataset="gone",
        image_shape=image_shape,
        class_names=classes,
        preprocessing=Preprocessing(image_shape=image_shape, **moments).to_dict(),
    )
    run = RunStore.of(folder, variant, seed)
    run.write_info(info)
    writer = run.open_checkpoint_writer()
    writer.save(10, variables(spec, image_shape, seed), info)
    writer.close()
    run.write_outcome(
        Outcome(
            status="finished",
            step=10,
            diverged_at=None,
            train_error=0.1,
            test_error=0.2,
            train_loss=0.1,
            test_loss=0.2,
            train_seconds=1.0,
            eval_seconds=1.0,
            validation_error=validation_error,
        )
    )
    return run.folder
