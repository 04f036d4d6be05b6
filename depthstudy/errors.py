"""The one error that means: the input is wrong, and here is what is allowed."""


class InputError(ValueError):
    """Bad input from a user. Its message is one line; the scripts print it and exit with 2."""
