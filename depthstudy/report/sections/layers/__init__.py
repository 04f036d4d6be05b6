"""What probes measured, layer by layer."""
