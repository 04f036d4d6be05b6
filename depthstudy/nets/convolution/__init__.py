"""Convolutions: one Flax module, and the methods that compute it on each platform."""
