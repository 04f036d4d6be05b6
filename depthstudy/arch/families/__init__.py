"""Families of architectures: each builds values from a few options."""
