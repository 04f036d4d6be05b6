"""Probes of single residual blocks: what a net loses without them or in another order."""
