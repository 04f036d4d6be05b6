"""Errors against what nets cost, and against what was taken out of them."""
