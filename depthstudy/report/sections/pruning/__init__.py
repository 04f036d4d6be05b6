"""Nets out of which something was taken."""
