"""Probes of what passes back through a net: gradients, the Jacobian, and what float16 loses."""
