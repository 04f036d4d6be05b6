"""Quantities along the layers of nets."""
