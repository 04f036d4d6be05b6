"""A user's own Flax module as a net: it is imported, checked, applied and counted."""
