"""Kills a study at random moments, starts it again each time, and compares its end with another's.

    python tests/whole/kill.py --kills=20 --processes=2

Prints one line for each kill. Exit code 1 where the final parameters are not bit-identical to those
of a run that nothing disturbed.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

ROOT = Path(__file__).parents[2]


def command(workdir: Path, steps: int, processes: int) -> list[str]:
    return [
        sys.executable,
        str(ROOT / "scripts/run.py"),
        f"--config={ROOT / 'configs/quickstart.py'}",
        f"--workdir={workdir}",
        '--config.sweep=(("model.family", ("plain", "resnet")), ("model.depth", (8,)))',
        "--config.seeds=2",
        f"--config.processes={processes}",
        f"--config.train.steps={steps}",
        f"--config.train.evaluations={steps // 10}",
        "--config.train.save_seconds=0",
    ]


def parameters(workdir: Path) -> dict[str, dict[str, np.ndarray]]:
    """Returns all arrays, by name, of each file of the last checkpoint of each run."""
    from safetensors.numpy import load_file

    found = {}
    for folder in sorted(workdir.glob("runs/*/*/checkpoints")):
        last = max(int(path.name) for path in folder.iterdir() if path.name.isdigit())
        for file in sorted((folder / str(last) / "state").glob("*.safetensors")):
            found[str(file.relative_to(workdir))] = load_file(file)
    return found


def main(kills: int, steps: int, seed: int, processes: int) -> int:
    """Returns the exit code."""
    rng = random.Random(seed)
    with TemporaryDirectory() as folder:
        quiet, disturbed = Path(folder, "quiet"), Path(folder, "disturbed")
        start = time.perf_counter()
        subprocess.run(command(quiet, steps, processes), check=True, capture_output=True)
        length = time.perf_counter() - start
        killed = 0
        while killed < kills:
            process = subprocess.Popen(
                command(disturbed, steps, processes),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            try:
                process.wait(rng.uniform(0.1, 0.9) * length)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
            process.communicate()
            if process.returncode == 0:  # it got to its end: begin anew
                if parameters(disturbed).keys() != parameters(quiet).keys():
                    return 1
                disturbed = Path(folder, f"disturbed{killed}")
                continue
            killed += 1
            done = len(list(disturbed.glob("runs/*/*/result.json")))
            print(f"kill {killed}: {done} of 4 runs were done", flush=True)
        subprocess.run(command(disturbed, steps, processes), check=True, capture_output=True)
        expected, found = parameters(quiet), parameters(disturbed)
        same = expected.keys() == found.keys() and all(
            expected[file].keys() == found[file].keys()
            and all(np.array_equal(a, found[file][name]) for name, a in expected[file].items())
            for file in expected
        )
    print(f"{kills} kills: final parameters {'bit-identical' if same else 'DIFFER'}")
    return 0 if same else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=1)
    sys.exit(main(**vars(parser.parse_args())))
