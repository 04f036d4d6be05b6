"""Errors by class."""
