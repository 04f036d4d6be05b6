"""Verdicts: which variants a hypothesis compares, whether it holds, and whether that is robust."""
