"""A study of a user's own Flax module: its config, plan, runs in two processes, and refusals."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import run_bad_input, run_script

from depthstudy import records, store

NETS = """
import jax.numpy as jnp
from flax import linen as nn

class Stack(nn.Module):
    num_classes: int
    depth: int = 4
    filters: int = 4

    @nn.compact
    def __call__(self, images, train=False):
        for number in range(self.depth):
            images = nn.relu(nn.Conv(self.filters, (3, 3), name=f"conv{number}")(images))
        return nn.Dense(self.num_classes)(jnp.mean(images, axis=(1, 2)))
"""
STUDY = """
from depthstudy import config

def get_config():
    study = config.defaults()
    study.name = "stack"
    study.seeds = 2
    study.model.module = "my_nets:Stack"
    study.model.options.filters = 4
    study.sweep = (("model.options.depth", (2, 6)),)
    study.variants = (("sparse", (("prune.weights", 0.5), ("prune.fine_tune_epochs", 1),
                                  ("model.options.depth", 4))),)
    study.hypotheses = ({
        "name": "rises", "statement": "Train error rises with depth.", "metric": "train_error",
        "relation": "rises", "along": "model.options.depth",
        "where": (("model.options.filters", 4),),
    },)
    study.train.steps = 3
    study.train.evaluations = 1
    study.processes = 2
    return study
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "study.py").write_text(STUDY)
    (tmp_path / "my_nets.py").write_text(NETS)
    return tmp_path


@pytest.mark.slow
def test_it_is_trained_in_two_processes_and_judged_along_its_depth(folder: Path) -> None:
    done = run_script(f"--config={folder}/study.py", f"--workdir={folder}/work")
    assert done.returncode == 0, done.stderr
    info = store.read_info(folder / "work")
    assert info is not None
    assert info.processes == 2
    rows = [(v.name, v.group, v.depth, v.dense) for v in info.variants]
    assert rows == [
        ("depth2", "Stack", 2, ""),
        ("depth6", "Stack", 6, ""),
        ("depth4", "Stack", 4, ""),
        ("sparse", "Stack, weights=0.5", 4, "depth4"),
    ]
    # A 3x3 kernel of each filter from 1 channel, then from 4, with biases; and the dense layer.
    assert info.variants[0].parameters == 4 * 9 + 4 + 4 * 36 + 4 + 4 * 10 + 10
    assert info.config["model"]["options"] == {"filters": 4}
    verdicts = store.read_table(folder / "work" / store.VERDICTS, records.Verdict)
    assert list(verdicts["hypothesis"]) == ["rises"]
    assert list(verdicts["seeds"]) == [2]


@pytest.mark.slow
def test_its_options_are_set_on_the_command_line(folder: Path) -> None:
    done = run_script("--config=study.py", "--dry_run", "--config.model.options.filters=3",
               "--config.hypotheses=()", cwd=folder)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert str(3 * 9 + 3 + 3 * 27 + 3 + 3 * 10 + 10) in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--config.model.width=4"],
            "config.model.module='my_nets:Stack' goes without config.mode",
        ),
        (["--config.prune.channels=0.5", "--config.prune.fine_tune_epochs=1"], "needs a family"),
        (["--config.model.options.depth=3"], "config.model.options.depth is swept over (2, 6)"),
        (["--config.sweep=()", "--config.model.options.dept=3"], "dept"),
        (["--config.model.module=absent:Net"], "absent"),
    ],
)
def test_refusals(arguments: list[str], message: str, folder: Path) -> None:
    done = run_bad_input("--config=study.py", "--dry_run", *arguments, cwd=folder)
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.returncode == 2
