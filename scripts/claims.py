"""The command `depthstudy claims` from a checkout: python scripts/claims.py --help."""

from depthstudy.command import run_script

if __name__ == "__main__":
    run_script("claims")
