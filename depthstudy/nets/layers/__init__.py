"""The layers of nets as Flax modules, and what makes a net of them."""
