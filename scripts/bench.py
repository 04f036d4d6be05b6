"""The command `depthstudy bench` from a checkout: python scripts/bench.py --help."""

from depthstudy.command import run_script

if __name__ == "__main__":
    run_script("bench")
