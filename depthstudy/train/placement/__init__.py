"""Where nets are trained: on which devices, one at a time or several at once."""
