"""The configs that come with the package, by name: ``quickstart``, ``claims/residual``."""

from __future__ import annotations

from pathlib import Path

from depthstudy.errors import InputError, did_you_mean

FOLDER = Path(__file__).parents[1] / "configs"


def names() -> list[str]:
    """Returns the names of all configs, those of claims last.

    >>> names()[:3]
    ['base', 'cifar10_he2015', 'detection']
    """
    paths = [path.relative_to(FOLDER).with_suffix("") for path in FOLDER.rglob("*.py")]
    return [path.as_posix() for path in sorted(paths, key=lambda path: (len(path.parts), path))]


def resolve(text: str) -> str:
    """Returns the file of a config, as ``--config`` takes it, with its argument if there is one.

    >>> resolve("my_study.py:large")
    'my_study.py:large'
    >>> resolve("quickstart:fashion_mnist").endswith("configs/quickstart.py:fashion_mnist")
    True

    Args:
      text: A file, ``"FILE.py"``, or a name; ``":ARGUMENT"`` may follow.

    Raises:
      InputError: No config has this name.
    """
    name, colon, argument = text.partition(":")
    if not name or name.endswith(".py") or Path(name).is_file():
        return text
    path = FOLDER / f"{name}.py"
    if name not in names():
        raise InputError(
            f"no config {name!r}{did_you_mean(name, names())} give a file, FILE.py, or one of: "
            f"{', '.join(names())}"
        )
    return f"{path}{colon}{argument}"
