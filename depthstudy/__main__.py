"""``python -m depthstudy``: the command without its script."""

from depthstudy.command import main

if __name__ == "__main__":
    main("python -m depthstudy")
