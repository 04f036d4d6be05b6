"""Errors against depth, and the parts of what depth loses."""
