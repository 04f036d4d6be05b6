"""The command `depthstudy run` from a checkout: python scripts/run.py --help."""

from depthstudy.command import run_script

if __name__ == "__main__":
    run_script("run")
