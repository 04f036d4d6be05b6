"""The command `depthstudy analyze` from a checkout: python scripts/analyze.py --help."""

from depthstudy.command import run_script

if __name__ == "__main__":
    run_script("analyze")
