"""Probes of what the layers of a net give out: similarity, linear classifiers and ranks."""
