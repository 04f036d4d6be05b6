"""Turns the tables of finished runs into verdicts, causes and a recommendation. Knows no JAX."""
