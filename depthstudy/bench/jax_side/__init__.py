"""Our side of the bench: each kind of work as a function that does it once more."""
