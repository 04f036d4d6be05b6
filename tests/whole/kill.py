"""Kills a study at random moments, starts it again each time, and compares its end with another's.

    python tests/whole/kill.py --kills=20 --processes=2

Prints one line for each kill. Exit code 1 where the final parameters are not bit-identical to those
of a run that nothing disturbed.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

ROOT = Path(__file__).parents[2]
SAVED = "runs/*/*/checkpoints/[0-9]*"  # a folder for each step at which a run was saved


def command(workdir: Path, options: argparse.Namespace) -> list[str]:
    families = tuple(options.families.split(","))
    return [
        sys.executable,
        str(ROOT / "scripts/run.py"),
        f"--config={ROOT / 'configs/quickstart.py'}",
        f"--workdir={workdir}",
        f'--config.sweep=(("model.family", {families}), ("model.depth", (8,)))',
        f"--config.seeds={options.seeds}",
        f"--config.processes={options.processes}",
        f"--config.train.steps={options.steps}",
        f"--config.train.evaluations={options.steps // 10}",
        "--config.tune=()",
        "--config.budget_check=()",
        "--config.train.save_seconds=0",
    ]


def parameters(workdir: Path) -> dict[str, dict[str, np.ndarray]]:
    """Returns all arrays, by name, of each file of the last checkpoint of each run."""
    from safetensors.numpy import load_file

    arrays = {}
    for folder in sorted(workdir.glob("runs/*/*/checkpoints")):
        last = max(int(path.name) for path in folder.iterdir() if path.name.isdigit())
        for file in sorted((folder / str(last) / "state").glob("*.safetensors")):
            arrays[str(file.relative_to(workdir))] = load_file(file)
    return arrays


def same_bits(one: Path, other: Path) -> bool:
    """Returns whether two studies have the same parameters in the end."""
    expected, found = parameters(one), parameters(other)
    return expected.keys() == found.keys() and all(
        expected[file].keys() == found[file].keys()
        and all(np.array_equal(a, found[file][name]) for name, a in expected[file].items())
        for file in expected
    )


def is_killed(arguments: list[str], workdir: Path, saves: int, seconds: float) -> bool:
    """Starts a study, kills it so long after so many new saves, and returns False if it is done."""
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    before = saved = set(workdir.glob(SAVED))
    while process.poll() is None and len(saved - before) < saves:
        time.sleep(0.02)
        saved = saved | set(workdir.glob(SAVED))  # old ones are removed
    time.sleep(seconds)
    process.kill()
    return process.wait() != 0


def main(options: argparse.Namespace) -> int:
    """Returns the exit code."""
    rng = random.Random(options.seed)
    with TemporaryDirectory() as folder:
        quiet, disturbed = Path(folder, "quiet"), Path(folder, "disturbed")
        subprocess.run(command(quiet, options), check=True, capture_output=True)
        runs = len(list(quiet.glob("runs/*/*/result.json")))
        killed = 0
        while killed < options.kills:
            saves = rng.randrange(runs * options.steps // 20)
            seconds = rng.uniform(0, 0.2 if saves else 5)  # 5: while it starts or compiles
            if is_killed(command(disturbed, options), disturbed, saves, seconds):
                killed += 1
                done = len(list(disturbed.glob("runs/*/*/result.json")))
                print(f"kill {killed}: {saves} saves, {done} of {runs} runs were done", flush=True)
            elif same_bits(quiet, disturbed):  # it got to its end: begin anew
                disturbed = Path(folder, f"disturbed{killed}")
            else:
                return 1
        subprocess.run(command(disturbed, options), check=True, capture_output=True)
        same = same_bits(quiet, disturbed)
    print(f"{killed} kills: final parameters {'bit-identical' if same else 'DIFFER'}")
    return 0 if same else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--families", default="plain,resnet")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--processes", type=int, default=1)
    sys.exit(main(parser.parse_args()))
