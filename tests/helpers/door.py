"""The command, as its script in an environment calls it."""

from depthstudy.command import main

if __name__ == "__main__":
    main()
